"""Lines out of chunks."""

from hypothesis import given
from hypothesis import strategies as st

from selfheal.diagnose.clean import last_overwrite
from selfheal.diagnose.lines import lines_of

TEXT = st.text(st.sampled_from("ab\n\r \x1b["), max_size=80)


@given(TEXT, st.integers(1, 20))
def test_chunks_change_nothing(text: str, size: int) -> None:
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    expected = text.removesuffix("\n").split("\n") if text else []
    assert list(lines_of(chunks, 1000)) == expected


@given(st.text(st.sampled_from("ab\r"), max_size=200), st.integers(1, 20))
def test_a_shortened_line_shows_the_start_of_what_it_showed(text: str, size: int) -> None:
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    shown = last_overwrite("".join(lines_of(chunks, 30)))
    assert shown[:30] == last_overwrite(text)[:30]


def test_no_more_than_a_line_is_held() -> None:
    line = next(lines_of(("x" * 1000 for _ in range(1000)), 5000))
    assert line == "x" * 5001


def test_progress_without_end_keeps_its_last_state() -> None:
    chunks = [*(f"{n}%\r" for n in range(10_000)), "done"]
    assert last_overwrite(next(lines_of(chunks, 100))) == "done"
