"""What another attempt of the same commit shows the first failure to have been."""

import pytest

from selfheal.domain.action import OutcomeStatus
from selfheal.domain.diagnosis import Cause, Diagnosis, Suspect
from selfheal.domain.experiment import Label, label_of
from selfheal.domain.remedy import Remedy
from selfheal.remedies.registry import catalogue

CATALOGUE = {remedy.id: remedy for remedy in catalogue()}
HEALED, NOT_HEALED = OutcomeStatus.HEALED, OutcomeStatus.NOT_HEALED


def because_of(cause: Cause, suspect: Suspect = Suspect.NONE) -> Diagnosis:
    return Diagnosis(cause, True, 0.8, "signature:x", "f00d", "it failed", suspect=suspect)


@pytest.mark.parametrize(
    ("cause", "suspect", "remedy", "outcome", "again", "repeated", "label"),
    [
        (Cause.FLAKY_TEST, "", "retry_build", HEALED, "", False, Label.FLAKE),
        (Cause.TEST_FAILURE, "", "retry_build", HEALED, "", False, Label.FLAKE),
        (Cause.NETWORK, "", "wait_and_retry", HEALED, "", False, Label.INFRASTRUCTURE),
        (Cause.OOM, "", "retry_build_bigger", HEALED, "", False, Label.INFRASTRUCTURE),
        (Cause.INFRA_FLAKE, "cache", "retry_build_clean", HEALED, "", False, Label.CACHE),
        (Cause.DEPENDENCY_RESOLUTION, "", "retry_build_clean", HEALED, "", True, Label.CACHE),
        (Cause.DEPENDENCY_RESOLUTION, "", "retry_build_clean", HEALED, "", False, Label.FLAKE),
        (Cause.FLAKY_TEST, "", "retry_build", HEALED, "", True, Label.FLAKE),
        (Cause.FLAKY_TEST, "", "retry_build", NOT_HEALED, "f00d", False, Label.REAL),
        (Cause.NETWORK, "", "retry_build", OutcomeStatus.WORSE, "f00d", False, Label.REAL),
        (Cause.FLAKY_TEST, "", "retry_build", NOT_HEALED, "beef", False, Label.NONE),
        (Cause.FLAKY_TEST, "", "retry_build", NOT_HEALED, "", False, Label.NONE),
        (Cause.FLAKY_TEST, "", "retry_build", OutcomeStatus.UNKNOWN, "", False, Label.NONE),
        (Cause.FLAKY_TEST, "", "notify", OutcomeStatus.NOTIFIED, "", False, Label.NONE),
    ],
)
def test_the_label(
    cause: Cause, suspect: str, remedy: str, outcome: OutcomeStatus, again: str, repeated: bool, label: Label
) -> None:
    diagnosis = because_of(cause, Suspect(suspect))
    assert label_of(diagnosis, CATALOGUE[remedy], outcome, again, repeated=repeated) is label


@pytest.mark.parametrize("remedy", CATALOGUE.values(), ids=CATALOGUE)
def test_only_another_attempt_of_the_same_commit_is_an_experiment(remedy: Remedy) -> None:
    found = label_of(because_of(Cause.FLAKY_TEST), remedy, HEALED, "")
    attempts = remedy.id.startswith(("retry_", "wait_and_"))
    assert bool(found) is attempts


def test_a_label_says_whether_another_attempt_passed() -> None:
    assert [label.value for label in Label if label.passed] == ["cache", "flake", "infrastructure"]
