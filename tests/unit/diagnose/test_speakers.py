"""Names before lines: whose output it is, told by the log as a whole."""

import pytest

from selfheal.diagnose.offline import diagnose_log
from selfheal.diagnose.speakers import without_speakers
from selfheal.domain.diagnosis import Cause

SAID = [
    "=== RUN   TestRates",
    "rates service answered 429 Too Many Requests",
    "--- FAIL: TestRates (0.31s)",
    "    rates_test.go:31: got 0 rates, want 4",
    "FAIL",
    "FAIL\texample.org/rates\t0.412s",
]
SPEAKERS = [
    "[unit] ",
    "[0] ",
    "[test:unit    ] ",
    "rates: ",
    "@demo/rates#smoke: ",
    "rates:smoke:rerun: ",
    "rates | ",
    "rates.1   | ",
    "12:00:08  [unit] ",
    "2026-01-15T12:00:08.123Z [unit] ",
]
MARKS = [
    "[pod/till-7d9c6b5f4-x2x9k/unit] ",
    "12:00:08  ",
    "[2026-01-15T12:00:08.123Z] ",
    "2026-01-15T12:00:08.123000+00:00 unit/0f8b3c1e-6d5a-4c2b-9e7f-1a2b3c4d5e6f ",
    "2026-01-15T12:00:08.123000+00:00 2026/01/15/[$LATEST]0f8b3c1e6d5a4c2b9e7f1a2b3c4d5e6f ",
    "2026-01-15T12:00:08.123000+00:00 ci/unit/0f8b3c1e6d5a4c2b9e7f1a2b3c4d5e6f ",
]


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_the_name_of_who_speaks_is_left_out(speaker: str) -> None:
    assert without_speakers([speaker + line for line in SAID]) == SAID


@pytest.mark.parametrize("before", [*SPEAKERS, *MARKS])
def test_a_failed_test_owns_what_it_says_whatever_stands_before_its_lines(before: str) -> None:
    """Without its line's start the failed test would not be seen, and the service it spoke of be blamed."""
    found = diagnose_log("\n".join(before + line for line in SAID))
    assert (found.cause, found.transient) == (Cause.TEST_FAILURE, False)


@pytest.mark.parametrize(
    ("event", "tail"),
    [
        ("EVENTS\t1768478401000\t", "\t1768478400900"),
        ("EVENTS\t1768478401000\t", "\n\t1768478400900"),
        (f"EVENTS\t{'37' * 28}\t1768478401000\tunit/0f8b3c1e\t", "\t1768478400900"),
    ],
)
def test_so_it_does_in_events_that_the_aws_cli_prints_as_text(event: str, tail: str) -> None:
    found = diagnose_log("\n".join(event + line + tail for line in SAID))
    assert (found.cause, found.transient) == (Cause.TEST_FAILURE, False)


def test_several_may_speak_and_who_leads_them_too() -> None:
    texts = [f"[{'lint' if n % 2 else 'unit'}] said {n}" for n in range(6)]
    assert without_speakers(["[Pipeline] parallel", *texts, "Finished: FAILURE"]) == [
        "[Pipeline] parallel",
        *(f"said {n}" for n in range(6)),
        "Finished: FAILURE",
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ["error: one", "error: two", "warning: three", "error: four"],
        ["[ERROR] one", "[ERROR] two", "[WARN] three", "[WARN] four"],
        ["src/a.c:1:2: error: one", "src/a.c:3:4: error: two", "make: *** [all] Error 1"],
        ["TypeError: one", "AssertionError: two", "TypeError: three", "AssertionError: four"],
        ["java.io.IOException: one", "java.io.IOException: two"],
        ["  Expected: 1", "  Received: 2", "  Expected: 3", "  Received: 4"],
        ["    rates_test.go:31: got 0, want 4", "    rates_test.go:31: got 1, want 4"],
        ["cart.ts   |   80 |", "rates.ts  |   81 |", "till.ts   |   82 |"],
        ["tar: one", "plain", "plain", "tar: two", "plain", "plain"],
        ["", "one"],
        [],
    ],
)
def test_what_is_no_speaker_stays(texts: list[str]) -> None:
    assert without_speakers(texts) == texts


def test_what_tests_compared_is_seen_where_their_errors_look_like_names() -> None:
    """Else the time limit of the third would make all of them pass on another attempt."""
    said = ["AssertionError: expected 1 to equal 2", "AssertionError: expected 3 to equal 2"]
    late = "Error: Timeout of 2000ms exceeded. For async tests and hooks, ensure done() is called"
    found = diagnose_log("\n".join([*said, late, " 3 failing"]))
    assert (found.cause, found.transient) == (Cause.TEST_FAILURE, False)


def test_evidence_keeps_the_name_of_who_spoke() -> None:
    found = diagnose_log("\n".join(f"[unit] {line}" for line in SAID))
    assert found.evidence[0].text == "[unit] --- FAIL: TestRates (0.31s)"


def test_the_success_of_one_who_speaks_is_one() -> None:
    said = ["PUT /orders: 429 Too Many Requests, trying again", "more", "ok  \texample.org/shop/cart\t0.412s"]
    assert diagnose_log("\n".join(f"[0] {line}" for line in said)).cause is Cause.UNKNOWN


@pytest.mark.parametrize("quiet", [0, 30])
@pytest.mark.parametrize("well", ["Done in 4.20s.", "Job succeeded", "12 passed in 3.10s"])
def test_the_success_of_one_is_not_that_of_another(well: str, quiet: int) -> None:
    """Or a build that failed in one branch is taken for one that passed, because another branch ended later."""
    api = ["api: Running migrations", "api: Error: No space left on device", "api: exited with code 1"]
    web = ["web: compiling", *(f"web: page {n}" for n in range(quiet)), f"web: {well}"]
    assert diagnose_log("\n".join([*api, *web])).cause is Cause.DISK_FULL


def test_nor_of_what_nobody_in_particular_said() -> None:
    said = [
        "Error: No space left on device",
        *(f"web: page {n}" for n in range(30)),
        "web: 12 passed in 3.10s",
    ]
    assert diagnose_log("\n".join(said)).cause is Cause.DISK_FULL
