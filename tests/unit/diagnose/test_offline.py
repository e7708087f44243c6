"""Quoting: what a program may look up in the log it gave."""

from hypothesis import given
from hypothesis import strategies as st

from selfheal.diagnose.clean import clean
from selfheal.diagnose.offline import diagnose_log, quote, quoted

LETTERS = st.text(alphabet="ab\x1b[0;31m ﬁ…\r\té", max_size=60)


@given(LETTERS)
def test_a_quote_is_always_part_of_both(raw: str) -> None:
    found = quote(clean(raw), raw)
    assert found in raw
    assert found in clean(raw)


def test_an_untouched_line_is_quoted_whole() -> None:
    assert quote("make: *** [all] Error 2", "  make: *** [all] Error 2  ") == "make: *** [all] Error 2"


def test_the_longest_part_is_quoted_of_a_torn_line() -> None:
    assert quote("Failure: expected 3", "\x1b[31mFailure: \x1b[0mexpected 3") == "expected 3"


def test_of_a_redacted_line_the_longest_part_around_the_value_is_quoted() -> None:
    assert quote("login as x with [redacted:password#1]", "login as x with hunter2") == "login as x with"


def test_quoting_changes_nothing_but_evidence() -> None:
    text = "\x1b[1mdisk: \x1b[0mNo space left on device"
    found = diagnose_log(text)
    assert [line.text for line in found.evidence] == ["disk: No space left on device"]
    assert [line.text for line in quoted(found, text).evidence] == ["No space left on device"]
    assert quoted(found, text).fingerprint == found.fingerprint
