"""What earlier runs teach: counted in commits, and never against what is certain."""

from dataclasses import replace
from datetime import timedelta

import pytest

from selfheal.diagnose.experience import experience, informed, words
from selfheal.domain.diagnosis import SCORE, Cause, Diagnosis, Suspect
from selfheal.domain.experiment import Label
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus
from selfheal.domain.sighting import Experience, Sighting
from selfheal.testing.builders import NOON, SHOP, a_measurement

GENUINE = Diagnosis(Cause.TEST_FAILURE, False, 0.9, "signature:pytest", "f", "a test failed")
FLAKE = Diagnosis(Cause.FLAKY_TEST, True, 0.6, "signature:test-name", "f", "a test failed")
NETWORK = Diagnosis(Cause.NETWORK, True, 0.65, "signature:network-symptom", "f", "the network failed")
BROKEN = Diagnosis(Cause.COMPILE_ERROR, False, 0.92, "signature:c-compiler", "f", "it does not compile")


def seen(number: int, commit: str, minute: int) -> Sighting:
    return Sighting(f"shop:{number}", SHOP, "f", commit, NOON + timedelta(minutes=minute))


def ran(number: int, commit: str, minute: int, status: RunStatus = RunStatus.SUCCEEDED) -> Measurement:
    started = NOON + timedelta(minutes=minute)
    return a_measurement(f"shop:{number}", status, source_version=commit, started_at=started)


def test_a_later_attempt_of_the_same_commit_counts_and_an_earlier_one_does_not() -> None:
    runs = [
        ran(1, "a", 0, RunStatus.FAILED),
        ran(2, "a", 5),
        ran(3, "b", 6),
        ran(4, "b", 9, RunStatus.FAILED),
    ]
    known = experience([seen(1, "a", 0), seen(4, "b", 9)], runs)
    assert (known.seen, known.passed, known.failed) == (2, 1, 0)


def test_attempts_that_all_failed_count_once_per_commit_and_stopped_ones_not_at_all() -> None:
    runs = [
        ran(2, "a", 1, RunStatus.FAILED),
        ran(3, "a", 2, RunStatus.TIMED_OUT),
        ran(5, "b", 4, RunStatus.STOPPED),
    ]
    known = experience([seen(1, "a", 0), seen(2, "a", 1), seen(4, "b", 3)], runs)
    assert (known.seen, known.passed, known.failed) == (2, 0, 1)


def test_a_commit_that_is_not_known_has_no_attempts() -> None:
    assert experience([seen(1, "", 0), seen(2, "", 1)], [ran(3, "", 2)]) == Experience(seen=2, recovered=2)


def test_nothing_seen_changes_nothing() -> None:
    assert informed(GENUINE, experience([], [ran(1, "a", 0)])) is GENUINE


def test_a_test_that_passed_on_the_same_commit_is_flaky() -> None:
    found = informed(GENUINE, Experience(seen=3, passed=3))
    assert (found.cause, found.transient, found.confidence) == (Cause.FLAKY_TEST, True, 0.8)
    assert found.fingerprint == GENUINE.fingerprint
    assert found.evidence[-1].line == 0
    assert "another attempt passed on 3 of the 3 tried again" in found.evidence[-1].text


def test_confidence_grows_with_the_attempts_that_passed() -> None:
    chances = [informed(GENUINE, Experience(seen=n, passed=n)).confidence for n in range(1, 9)]
    assert chances == sorted(set(chances))
    assert chances[0] < 0.7, "one lucky retry is not enough for the default policy"


def test_what_seemed_flaky_and_never_passed_again_is_genuine() -> None:
    found = informed(FLAKE, Experience(seen=2, failed=2))
    assert (found.cause, found.transient) == (Cause.TEST_FAILURE, False)
    assert informed(FLAKE, Experience(seen=1, failed=1)).transient is True


def test_a_network_that_is_never_there_again_is_not_tried_again() -> None:
    found = informed(NETWORK, Experience(seen=3, failed=3))
    assert (found.cause, found.transient) == (Cause.NETWORK, False)


def test_a_test_that_comes_and_goes_with_unrelated_commits_is_flaky() -> None:
    runs = [ran(2, "b", 1), ran(4, "d", 3)]
    found = informed(GENUINE, experience([seen(1, "a", 0), seen(3, "c", 2)], runs))
    assert (found.cause, found.transient, found.confidence) == (Cause.FLAKY_TEST, True, 0.6)
    once = informed(GENUINE, experience([seen(1, "a", 0)], runs))
    assert once.cause is Cause.TEST_FAILURE, "broken once and mended is how genuine failures go"


@pytest.mark.parametrize(
    "certain",
    [
        BROKEN,
        Diagnosis(Cause.CANCELLED, False, 1.0, "service", "f", "stopped"),
        Diagnosis(Cause.TIMEOUT, None, 0.95, "service", "f", "too long"),
        Diagnosis(Cause.UNKNOWN, None, 0.1, "none", "f", "nobody knows"),
        Diagnosis(Cause.UNKNOWN, None, 1.0, SCORE, "f", "odd"),
    ],
)
def test_experience_overrules_nothing_certain_and_guesses_nothing_unknown(certain: Diagnosis) -> None:
    for known in (
        Experience(seen=9, passed=9),
        Experience(seen=9, failed=9),
        Experience(seen=9, recovered=9),
    ):
        found = informed(certain, known)
        assert (found.cause, found.transient, found.confidence) == (
            certain.cause,
            certain.transient,
            certain.confidence,
        )


def test_a_failure_never_tried_again_is_said_so() -> None:
    assert (
        words(Experience(seen=1)) == "this failure was seen before on 1 commit; none of them was tried again"
    )


def test_a_label_speaks_where_the_other_attempt_is_no_longer_at_hand() -> None:
    labelled = [replace(seen(1, "a", 0), label=Label.FLAKE), replace(seen(2, "b", 1), label=Label.REAL)]
    known = experience(labelled, [])
    assert (known.passed, known.failed, known.cached) == (1, 1, 0)


def test_what_the_attempts_did_counts_more_than_a_label() -> None:
    known = experience([replace(seen(1, "a", 0), label=Label.REAL)], [ran(2, "a", 1)])
    assert (known.passed, known.failed) == (1, 0)


def test_a_cache_that_was_convicted_before_is_suspected_and_said() -> None:
    known = experience([replace(seen(1, "a", 0), label=Label.CACHE)], [ran(2, "a", 1)])
    found = informed(NETWORK, known)
    assert (found.suspect, found.transient) == (Suspect.CACHE, True)
    assert found.evidence[-1].text.endswith("tried again, on 1 because it had no cache")
    assert informed(BROKEN, known).suspect is Suspect.NONE, "a tool that names a fault in the code is certain"


def test_one_conviction_among_many_other_passes_is_not_enough() -> None:
    assert informed(NETWORK, Experience(seen=5, passed=5, cached=1)).suspect is Suspect.NONE
