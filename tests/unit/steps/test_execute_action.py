"""execute_action: exactly the decided action, and only where it may be done."""

import pytest

from selfheal.domain.action import ActionStatus, Plan
from selfheal.domain.decision import Verdict
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.domain.run import RunStatus
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.execution import World
from selfheal.wire import decode


def test_asked_again_it_gives_the_same_action_back() -> None:
    world = World()
    world.decide()
    assert world.execute() == world.execute()
    assert len(world.service.started) == 1 and len(world.actions.charged) == 1


def test_a_clean_retry_drops_the_cache() -> None:
    world = World()
    world.decide("retry_build_clean")
    assert world.execute("retry_build_clean").status is ActionStatus.STARTED
    assert (world.service.dropped, world.service.started) == (["shop"], [("clean", "shop:1")])


def test_notify_is_done_without_touching_anything() -> None:
    world = World()
    world.decide("notify")
    action = world.execute("notify")
    assert (action.status, action.new_run_id) == (ActionStatus.DONE, "")
    assert world.service.started == []


@pytest.mark.parametrize(
    ("remedy", "run_id", "version"),
    [("retry_build_clean", "shop:1", "v1"), ("retry_build", "shop:2", "v1"), ("retry_build", "shop:1", "v2")],
)
def test_what_was_not_decided_is_an_error(remedy: str, run_id: str, version: str) -> None:
    world = World()
    world.decide()
    with pytest.raises(InvalidEvent, match="not the action that was decided"):
        world.execute(remedy, run_id, version)
    assert world.service.started == [] and world.actions.charged == []


@pytest.mark.parametrize("verdict", [Verdict.OBSERVE, Verdict.REFUSE])
def test_only_a_verdict_to_act_or_to_ask_is_carried_out(verdict: Verdict) -> None:
    world = World()
    world.decide(verdict=verdict)
    with pytest.raises(InvalidEvent):
        world.execute()
    assert world.service.started == []


def test_telling_a_person_needs_no_permission_and_no_budget() -> None:
    world = World(ceiling=Mode.OBSERVE, policy=Policy("v2", Budget(0, 0, 0), ()))
    world.decide("notify")
    assert world.execute("notify").status is ActionStatus.DONE
    assert world.actions.charged == []


def test_a_policy_that_changed_since_the_decision_does_not_carry_it() -> None:
    world = World(policy=Policy("v2", Budget(), ()))
    world.decide()
    assert "policy has changed" in world.execute().reason
    assert world.service.started == []


def test_two_builds_whose_commits_are_unknown_are_not_taken_for_the_same() -> None:
    world = World()
    world.decide()
    world.service.add(a_run(source_version=""))
    world.service.add(a_run("shop:2", started_at=NOON.replace(minute=1), source_version=""))
    assert world.execute().status is ActionStatus.STARTED


def test_a_stack_set_to_observe_since_the_decision_does_nothing() -> None:
    world = World(ceiling=Mode.OBSERVE)
    world.decide()
    assert "set to observe" in world.execute().reason
    assert world.service.started == []


def test_a_spent_budget_refuses_at_the_last_moment_too() -> None:
    world = World(policy=Policy("v1", Budget(per_commit=0), ()))
    world.decide()
    action = world.execute()
    assert action.status is ActionStatus.REFUSED and "budget spent" in action.reason
    assert world.service.started == []


def test_a_remedy_outside_the_catalogue_is_an_error() -> None:
    with pytest.raises(InvalidEvent, match="rm_rf"):
        World().execute("rm_rf")


def test_a_refusal_by_aws_is_recorded_and_final() -> None:
    world = World()
    world.decide()
    world.service.rejects = "RetryBuild: not authorized"
    action = world.execute()
    assert action.status is ActionStatus.REFUSED and "not authorized" in action.reason
    world.service.rejects = ""
    assert world.execute().status is ActionStatus.REFUSED
    assert world.service.started == []
    assert world.kinds()[-1] is LedgerKind.ACTION_REFUSED


def test_preflight_refuses_a_commit_that_somebody_already_built_again() -> None:
    world = World()
    world.decide()
    world.service.add(a_run("shop:2", started_at=NOON.replace(minute=1), initiator="developer"))
    assert "developer already built this commit again" in world.execute().reason


def test_preflight_refuses_a_build_that_codepipeline_started() -> None:
    world = World()
    world.decide()
    world.service.add(a_run(initiator="codepipeline/shop"))
    assert "the stage has to be retried" in world.execute().reason


def test_preflight_refuses_a_build_that_has_not_failed() -> None:
    world = World()
    world.decide()
    world.service.add(a_run(status=RunStatus.SUCCEEDED))
    assert "only a failed build is retried" in world.execute().reason


def test_the_intent_says_exactly_what_is_about_to_be_done() -> None:
    world = World()
    world.decide()
    world.execute()
    intended = world.ledger.entry(world.incident.id, LedgerKind.ACTION_INTENDED)
    assert intended is not None
    plan = decode(Plan, intended.data["plan"])
    assert (plan.remedy, plan.target) == ("retry_build", "shop:1")
    assert intended.data["digest"] == plan.digest("v1")
