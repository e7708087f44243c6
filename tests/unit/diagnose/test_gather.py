"""One pass over a log of any size."""

from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.diagnose.excerpt import excerpt
from selfheal.diagnose.gather import gather
from selfheal.diagnose.markers import CONTEXT, ERROR, FAILURE, SIGNAL
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.shape import shape, shapes
from selfheal.ports import LogLine
from tests.redaction.tokens import survives, token

FAILED = "[Container] 2026/01/15 12:00:01.1 Command did not exit successfully make exit status 2"
MARKED = [
    FAILED,
    "[Container] 2026/01/15 12:00:01.1 Phase complete: BUILD State: FAILED",
    "[Container] 2026/01/15 12:00:01.1 Entering phase BUILD",
    "Phase context status code: COMMAND_EXECUTION_ERROR Message: x",
    "error: it does not add up",
    "java.lang.IllegalStateException: no",
    "npm ERR! code 1",
    "ValueError: no",
    "##[error]Process completed with exit code 1.",
    'The command "make" exited with 2.',
    "Build step 'Execute shell' marked build as failure",
    "Step 3/9 : RUN make",
]
PIECE = st.sampled_from([*MARKED, "noise", "more noise 12", "", "\tat com.example.Shop.pay(Shop.java:41)"])


def numbered(texts: Iterator[str] | list[str]) -> Iterator[LogLine]:
    return (LogLine(number, text) for number, text in enumerate(texts, 1))


def chatter(count: int) -> Iterator[str]:
    words = ["alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa"]
    for n in range(count):
        yield " ".join(words[n // 7**place % 7] for place in range(7))


@given(
    st.text(st.sampled_from("".join(MARKED)), max_size=60) | PIECE,
    PIECE,
    st.sampled_from(["", " ", "(", "\t", "x"]),
)
def test_the_quick_search_passes_over_nothing_that_a_marker_means(before: str, mark: str, glue: str) -> None:
    line = f"{before}{glue}{mark}"
    if FAILURE.search(line) or ERROR.search(line) or CONTEXT.search(line):
        assert SIGNAL.search(line) is not None


@given(st.lists(PIECE, max_size=400), st.integers(20, 400))
def test_what_is_gathered_is_bounded_in_order_and_true(texts: list[str], room: int) -> None:
    found = gather(numbered(texts), room).lines
    assert [line.number for line in found] == sorted(line.number for line in found)
    assert all(line.text == texts[line.number - 1] or line.text.startswith("(like") for line in found)
    longest = max(map(len, texts), default=0) + 30
    assert sum(len(line.text) for line in found) <= 13 * (room + 5 * longest)


@pytest.mark.parametrize("text", MARKED)
def test_however_many_signals_little_is_held(text: str) -> None:
    lines = numbered(f"{text} {word}" for word in chatter(4_000))
    assert sum(len(line.text) for line in gather(lines, 1000).lines) < 10_000


def test_the_failure_is_found_in_the_middle_of_a_long_log() -> None:
    texts = [*chatter(4_000), "the compiler gave up", FAILED, *chatter(4_000)]
    kept = excerpt(numbered(texts), Redactor(), max_bytes=16_384)
    assert {4_001, 4_002} <= {line.number for line in kept}


def test_the_first_error_is_kept_with_what_is_around_it() -> None:
    texts = [
        *chatter(4_000),
        "before",
        "error: first of all",
        "after",
        *chatter(3_000),
        FAILED,
        *chatter(3_000),
    ]
    kept = {line.number for line in excerpt(numbered(texts), Redactor(), max_bytes=16_384)}
    assert {4_001, 4_002, 4_003} <= kept


def test_an_error_said_over_and_over_leaves_room_for_another() -> None:
    storm = [text for word in chatter(5_000) for text in ("error: connection lost, retrying", word)]
    texts = [*storm[:5_000], "error: no space left", *storm[5_000:]]
    assert "error: no space left" in [
        line.text for line in excerpt(numbered(texts), Redactor(), max_bytes=16_384)
    ]


def test_a_stack_trace_stays_whole() -> None:
    trace = [
        "Traceback (most recent call last):",
        '  File "a.py", line 3, in <module>',
        "    pay()",
        "KeyError: 'total'",
    ]
    texts = [*chatter(4_000), *trace, FAILED, *chatter(500)]
    kept = [line.text for line in excerpt(numbered(texts), Redactor(), max_bytes=16_384)]
    start = kept.index(trace[0])
    assert kept[start : start + 4] == trace


def test_new_lines_are_those_whose_shape_good_runs_do_not_have() -> None:
    usual = shapes(numbered(["fetched 12 files in 3.1 s", "done"]))
    found = gather(numbered(["fetched 99 files in 7.0 s", "fetched none", "done"]), 1000, usual)
    assert found.singled[1] == {2}


def storm(count: int) -> Iterator[str]:
    """Different complaints, each said over and over."""
    yield from (f"error: {word} gave up" for word in islice(chatter(20), 20) for _ in range(count // 20))


@pytest.mark.parametrize(
    "cause", ["ValueError: the till is open", "app.c:3:1: error: unknown type name 'till'"]
)
def test_what_is_said_once_survives_a_storm_of_complaints_around_it(cause: str) -> None:
    texts = [*storm(4_000), "opening", cause, "closing", *storm(4_000)]
    kept = {line.text for line in excerpt(numbered(texts), Redactor(), max_bytes=4_000)}
    assert {"opening", cause, "closing"} <= kept


def test_of_complaints_said_once_those_that_a_signature_knows_come_first() -> None:
    once = [f"error: {word} gave up" for word in chatter(3_000)]
    texts = [*once[:1_500], "app.c:3:1: error: unknown type name 'till'", *once[1_500:]]
    kept = {line.number for line in excerpt(numbered(texts), Redactor(), max_bytes=4_000)}
    assert 1_501 in kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12:00:01 fetched 3 of 9", "12:59:59 fetched 8 of 9"),
        ("layer 3f2a1b9c8d7e: Pulling", "layer 0a9b8c7d6e5f: Pulling"),
        (
            "[Container] 2026/01/15 12:00:01.1 Running command x",
            "[Container] 2027/09/09 01:01:01.9 Running command x",
        ),
    ],
)
def test_times_counts_and_ids_do_not_change_a_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other)


def test_an_excerpt_is_read_lazily_redacted_and_within_its_budget() -> None:
    secret = token("github classic")
    lines = (LogLine(n, f"\x1b[31merror\x1b[0m {word} {secret}") for n, word in enumerate(chatter(5_000), 1))
    found = excerpt(lines, Redactor(), max_bytes=4_000)
    assert sum(len(line.text.encode()) + 1 for line in found) <= 4_000
    assert found and all("error" in line.text and not survives(secret, line.text) for line in found)


def test_lines_that_need_no_cleaning_are_redacted_too() -> None:
    secret = token("github classic")
    (found,) = excerpt(numbered([f"error: {secret}"]), Redactor())
    assert found.text == "error: [redacted:github-token#1]"


def test_a_key_block_does_not_come_apart() -> None:
    block = [
        "-----BEGIN PRIVATE" + " KEY-----",
        *(["MIIE" + "x" * 60] * 500),
        "-----END PRIVATE" + " KEY-----",
    ]
    texts = [*islice(chatter(1_000), 1_000), *block, FAILED]
    found = excerpt(numbered(texts), Redactor(), max_bytes=4_000)
    assert not any("MIIE" in line.text for line in found)


def test_a_long_line_is_cut_in_its_middle_after_it_was_redacted() -> None:
    secret = token("npm")
    line = "start " + "x " * 340 + secret + " y" * 800 + " the end"
    (found,) = excerpt(numbered([line]), Redactor())
    assert found.text.startswith("start x") and found.text.endswith("y the end")
    assert " [...] " in found.text and not survives(secret, found.text, 6)
