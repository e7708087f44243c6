"""A log on its own: of any length, of a run that passed, and what a program may look up in it."""

import weakref
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.diagnose.clean import clean
from selfheal.diagnose.offline import diagnose_lines, diagnose_log, quote, quoted
from selfheal.domain.diagnosis import Cause

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
    assert [line.text for line in quoted(found, text.split("\n")).evidence] == ["No space left on device"]
    assert quoted(found, text.split("\n")).fingerprint == found.fingerprint


FAULT = "src/a.c:7:3: error: expected ';'"


@pytest.mark.parametrize(
    "end",
    [
        "Finished: SUCCESS",
        "Job succeeded",
        "Done. Your build exited with 0.",
        "[Container] 2026/01/15 12:00:01 Phase complete: POST_BUILD State: SUCCEEDED",
    ],
)
def test_the_complaints_of_a_run_that_passed_explain_nothing(end: str) -> None:
    assert diagnose_log(f"{FAULT}\n{end}").cause is Cause.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        f"{FAULT}\nFinished: FAILURE",
        f"{FAULT}\nCommand did not exit successfully make exit status 2\nPhase complete: POST_BUILD State: SUCCEEDED",
        f"Job succeeded\n{FAULT}" + "\nmore" * 20,
    ],
)
def test_a_success_in_between_hides_no_failure(text: str) -> None:
    assert diagnose_log(text).cause is Cause.COMPILE_ERROR


COMPLAINT = "PUT /orders: 429 Too Many Requests, trying again"


@pytest.mark.parametrize(
    "end",
    [
        "Tests:       97 passed, 97 total",
        "BUILD SUCCESSFUL in 14s\n12 actionable tasks: 12 executed",
        "[INFO] BUILD SUCCESS\n[INFO] Total time: 3 s",
        "===== 212 passed, 3 warnings in 31.02s =====",
        "test result: ok. 41 passed; 0 failed; 0 ignored",
        "ok  \texample.org/shop/cart\t0.412s",
        "Build succeeded.\n    0 Warning(s)\n    0 Error(s)",
        "Successfully built 1a2b3c4d\nSuccessfully tagged shop:latest",
    ],
)
def test_where_the_last_word_is_a_tools_success_nothing_is_claimed(end: str) -> None:
    assert diagnose_log(f"{COMPLAINT}\n{end}").cause is Cause.UNKNOWN


@pytest.mark.parametrize(
    "end",
    [
        "Tests:       1 failed, 96 passed, 97 total",
        "Successfully built 1a2b3c4d\nsh: 1: deploy: not found",
        "Tests:       97 passed, 97 total\nJest: coverage threshold for lines (80%) not met: 71%",
        "===== 212 passed in 31.02s =====\nCommand did not exit successfully make exit status 2",
    ],
)
def test_a_failure_after_a_tools_success_is_one(end: str) -> None:
    assert diagnose_log(f"{COMPLAINT}\n{end}").cause is not Cause.UNKNOWN


class Line(str):
    """Text whose life can be watched."""


def test_of_a_long_log_only_what_may_matter_is_held() -> None:
    held: weakref.WeakSet[Line] = weakref.WeakSet()
    most = 0

    def lines() -> Iterator[str]:
        nonlocal most
        for number in range(40_000):
            line = Line(f"{number} " + "compiled " * 12)
            held.add(line)
            most = max(most, len(held))
            yield line
        yield FAULT

    found = diagnose_lines(lines())
    assert [line.line for line in found.evidence] == [40_001]
    assert most < 10_000
