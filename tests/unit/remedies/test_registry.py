"""The catalogue: closed, complete, without duplicates."""

from types import ModuleType

import pytest

from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.remedy import Risk
from selfheal.remedies.registry import catalogue, collect, modules, remedy_module


def test_the_catalogue_is_what_it_says_it_is() -> None:
    assert [remedy.id for remedy in catalogue()] == [
        "hold_stage",
        "notify",
        "retry_build",
        "retry_build_bigger",
        "retry_build_clean",
        "retry_build_longer",
        "retry_stage",
        "roll_back_deployment",
        "roll_back_stage",
        "run_runbook",
        "wait_and_retry",
    ]


def test_a_remedy_lives_in_the_module_of_its_name() -> None:
    for remedy_id, module in modules().items():
        assert getattr(module, "__name__", "") == f"selfheal.remedies.{remedy_id}"


def test_an_id_declared_twice_is_refused() -> None:
    twin = ModuleType("twin")
    twin.REMEDY = remedy_module("notify").REMEDY  # type: ignore[attr-defined]
    other = ModuleType("other")
    other.REMEDY = twin.REMEDY  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="notify"):
        collect([twin, other])


@pytest.mark.parametrize(
    "name", ["retry_build ", "RETRY_BUILD", "rеtry_build", "", "registry", "builds", "stages"]
)
def test_anything_outside_the_catalogue_is_refused(name: str) -> None:
    with pytest.raises(InvalidEvent):
        remedy_module(name)


def test_every_cause_has_a_remedy_or_says_notify() -> None:
    for cause in Cause:
        assert any(cause in remedy.causes for remedy in catalogue())


@pytest.mark.parametrize("remedy", catalogue(), ids=lambda remedy: remedy.id)
def test_a_remedy_declares_all_that_people_ask_of_it(remedy: object) -> None:
    from selfheal.domain.remedy import Remedy

    assert isinstance(remedy, Remedy)
    assert remedy.summary and remedy.undo and remedy.causes
    assert (remedy.risk is Risk.NONE) == (not remedy.iam_actions)
    assert all("*" not in action and action.partition(":")[2] for action in remedy.iam_actions)
    assert remedy.made_for <= remedy.causes and remedy.services and remedy.kinds
