"""Worse is what is verifiably worse: the service itself, an earlier phase, a roll back that fails."""

from dataclasses import replace

import pytest

from selfheal.domain.run import Phase, PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.domain.verification import Vain, worsening
from selfheal.remedies.registry import catalogue, remedy_module
from selfheal.testing.builders import a_run

RETRY = remedy_module("retry_build").REMEDY


def again(failed: str, status: RunStatus = RunStatus.FAILED, **changes: object) -> Run:
    names = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")
    phases = []
    for name in names:
        phases.append(Phase(name, "FAILED" if name == failed else "SUCCEEDED", 1.0))
        if name == failed:
            break
    return replace(a_run("shop:2", status, phases=tuple(phases)), **changes)  # type: ignore[arg-type]


FIRST = replace(again("BUILD"), ref=a_run().ref)


@pytest.mark.parametrize(
    ("failed", "worse"),
    [("INSTALL", True), ("PRE_BUILD", True), ("BUILD", False), ("POST_BUILD", False), ("UPLOAD", False)],
)
def test_an_earlier_phase_is_worse_and_the_same_or_a_later_one_is_not(failed: str, worse: bool) -> None:
    said = worsening(FIRST, again(failed), RETRY)
    assert bool(said) is worse
    assert not worse or f"failed in {failed} already, which had succeeded before BUILD" in said


def test_a_failure_of_the_service_is_worse_unless_the_first_was_one() -> None:
    fault = again("BUILD", RunStatus.FAULT)
    assert "service itself" in worsening(FIRST, fault, RETRY)
    assert worsening(replace(FIRST, status=RunStatus.FAULT), fault, RETRY) == ""


def test_runs_of_two_kinds_are_not_compared_by_their_phases() -> None:
    key = PipelineKey(Service.CODEPIPELINE, "shop/Build")
    assert worsening(FIRST, again("INSTALL", ref=RunRef(key, "shop/Build/1/2")), RETRY) == ""


def test_a_run_whose_phases_nobody_knows_is_not_called_worse() -> None:
    assert worsening(FIRST, again("BUILD", phases=()), RETRY) == ""
    assert worsening(replace(FIRST, phases=()), again("INSTALL"), RETRY) == ""


def test_a_roll_back_that_fails_is_worse_wherever_it_fails() -> None:
    back = remedy_module("roll_back_stage").REMEDY
    assert worsening(FIRST, again("POST_BUILD"), back) == "roll_back_stage itself ended FAILED"


def test_more_of_the_same_is_in_vain_and_something_else_may_not_be() -> None:
    vain = Vain("retry_build", "shop:2")
    against = {remedy.id for remedy in catalogue() if vain.objection(remedy)}
    assert {"retry_build", "wait_and_retry"} <= against
    assert not {"retry_build_clean", "retry_build_bigger", "roll_back_stage", "notify"} & against
    assert Vain("retry_build_clean", "shop:2").objection(remedy_module("retry_build_clean").REMEDY)
