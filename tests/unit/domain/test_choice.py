"""Choice: which remedy fits, and in which order, whatever policy says of it."""

from dataclasses import replace

import pytest

from selfheal.domain.choice import applicable, choose, delay
from selfheal.domain.diagnosis import Cause, Diagnosis, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.policy import LONGEST_DELAY_SECONDS
from selfheal.domain.remedy import Remedy
from selfheal.domain.run import Service
from selfheal.remedies.registry import catalogue, remedy_module

NETWORK = Diagnosis(Cause.NETWORK, True, 0.9, "signature:x", "f", "the network failed")


def fitting(
    cause: Cause,
    transient: bool | None = True,
    service: Service = Service.CODEBUILD,
    kind: IncidentKind = IncidentKind.FAILED,
    **changes: object,
) -> list[str]:
    diagnosis = replace(NETWORK, cause=cause, transient=transient, **changes)  # type: ignore[arg-type]
    return [remedy.id for remedy in applicable(diagnosis, catalogue(), service, kind)]


@pytest.mark.parametrize(
    ("cause", "transient", "first"),
    [
        (Cause.OOM, True, ["retry_build_bigger", "retry_build"]),
        (Cause.OOM, False, ["retry_build_bigger", "notify"]),
        (Cause.DISK_FULL, None, ["retry_build_bigger", "notify"]),
        (Cause.TIMEOUT, None, ["retry_build_longer", "notify"]),
        (Cause.TIMEOUT, True, ["retry_build_longer", "retry_build"]),
        (Cause.EXTERNAL_SERVICE, True, ["wait_and_retry", "retry_build"]),
        (Cause.TEST_FAILURE, False, ["notify"]),
    ],
)
def test_what_is_made_for_a_cause_comes_before_what_merely_repeats(
    cause: Cause, transient: bool | None, first: list[str]
) -> None:
    assert [r for r in fitting(cause, transient) if r != "run_runbook"][: len(first)] == first


@pytest.mark.parametrize("kind", [IncidentKind.ANOMALOUS, IncidentKind.HARMFUL])
def test_a_build_that_passed_is_not_built_again(kind: IncidentKind) -> None:
    assert not [r for r in fitting(Cause.OOM, kind=kind) if r.startswith("retry_build")]


@pytest.mark.parametrize("service", [Service.CODEPIPELINE, Service.CODEDEPLOY])
def test_what_is_no_build_is_not_built_again(service: Service) -> None:
    assert not [r for r in fitting(Cause.OOM, service=service) if r.startswith("retry_build")]


def test_a_build_that_a_pipeline_started_is_not_built_again_by_itself() -> None:
    assert not [r for r in fitting(Cause.NETWORK, pipeline="shop") if r.startswith("retry_build")]


def test_a_wait_beyond_the_longest_is_left_to_a_person() -> None:
    asked = LONGEST_DELAY_SECONDS + 1
    assert fitting(Cause.REGISTRY_RATE_LIMIT, retry_after_seconds=asked - 1)[0] == "wait_and_retry"
    repeats = fitting(Cause.EXTERNAL_SERVICE, retry_after_seconds=asked)
    assert not {"wait_and_retry", "retry_build"} & set(repeats)


@pytest.mark.parametrize(
    ("suggested", "permitted", "chosen"),
    [
        ("", (), "retry_build_bigger"),
        ("", ("retry_build",), "retry_build"),
        ("retry_build", (), "retry_build"),
        ("retry_build", ("retry_build", "retry_build_bigger"), "retry_build"),
        ("retry_build", ("retry_build_bigger",), "retry_build_bigger"),
        ("rm_rf", ("retry_build_bigger",), "retry_build_bigger"),
        ("notify", ("retry_build_bigger", "retry_build"), "notify"),
    ],
)
def test_a_suggestion_chooses_among_what_is_permitted(
    suggested: str, permitted: tuple[str, ...], chosen: str
) -> None:
    fits = applicable(replace(NETWORK, cause=Cause.OOM), catalogue())
    fits = [remedy for remedy in fits if remedy.id != "run_runbook"]
    assert choose(fits, suggested, lambda remedy: remedy.id in permitted).id == chosen


def remedy(name: str) -> Remedy:
    return remedy_module(name).REMEDY


@pytest.mark.parametrize(
    ("name", "asked", "ruled", "seconds"),
    [
        ("wait_and_retry", 0, None, 60),
        ("wait_and_retry", 0, 5, 5),
        ("wait_and_retry", 120, None, 120),
        ("wait_and_retry", 120, 5, 120),
        ("wait_and_retry", 10, 300, 300),
        ("wait_and_retry", 10**6, None, LONGEST_DELAY_SECONDS),
        ("retry_build", 120, None, 0),
        ("retry_build", 120, 30, 30),
    ],
)
def test_nobody_is_asked_again_sooner_than_he_asked_for(
    name: str, asked: int, ruled: int | None, seconds: int
) -> None:
    assert delay(remedy(name), replace(NETWORK, retry_after_seconds=asked), ruled) == seconds


def test_a_suspected_cache_goes_before_all() -> None:
    assert fitting(Cause.DISK_FULL, suspect=Suspect.CACHE)[0] == "retry_build_clean"
