"""execute_action where people are asked: only what was approved, unaltered and in time."""

from dataclasses import replace

import pytest

from selfheal.domain.action import ActionStatus
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.decision import Verdict
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.remedy_ports import StageAttempt
from selfheal.steps.answer_approval import Reply
from selfheal.testing.approvals import ACCOUNT
from selfheal.testing.asking import AskingWorld
from selfheal.testing.builders import a_run
from selfheal.testing.execution import INCIDENT, World
from selfheal.testing.stages import FAILED

DEVELOPER = f"arn:aws:iam::{ACCOUNT}:user/developer"


def approved() -> AskingWorld:
    world = AskingWorld()
    world.ask()
    world.answer()
    return world


def test_what_was_approved_is_done_once() -> None:
    world = approved()
    assert world.execute() == world.execute()
    assert world.executing.service.started == [("retry", "shop:1")]


def test_what_nobody_was_asked_is_not_done() -> None:
    world = AskingWorld()
    assert "nobody was asked" in world.execute().reason
    assert world.executing.service.started == []


@pytest.mark.parametrize("status", sorted(set(ApprovalStatus) - {ApprovalStatus.APPROVED}))
def test_what_is_not_approved_is_not_done(status: ApprovalStatus) -> None:
    world = approved()
    stored = world.executing.approvals.stored
    stored[INCIDENT.id] = replace(stored[INCIDENT.id], status=status)
    action = world.execute()
    assert action.status is ActionStatus.REFUSED and f"the approval is {status}" in action.reason
    assert world.executing.service.started == [] and world.executing.actions.charged == []


def test_an_approval_that_expired_before_the_action_carries_nothing() -> None:
    world = approved()
    world.executing.clock.advance(world.wait.total_seconds())
    assert "expired" in world.execute().reason
    assert world.executing.service.started == []


def test_a_plan_that_would_be_another_by_now_needs_a_new_question() -> None:
    world = approved()
    world.executing.service.add(a_run(source_version="f" * 40))
    assert "not what was approved" in world.execute().reason
    assert world.executing.service.started == []


def test_an_intent_that_waited_is_held_to_the_approval_as_well() -> None:
    world = approved()
    world.executing.intend()
    world.executing.service.add(a_run(source_version="f" * 40))
    assert "not what was approved" in world.execute().reason
    assert world.executing.service.started == []


def test_an_approval_does_not_lift_the_stack_s_mode() -> None:
    world = approved()
    world.executing.ceiling = Mode.OBSERVE
    assert "set to observe" in world.execute().reason


def test_a_rejection_is_final() -> None:
    world = AskingWorld()
    world.ask()
    world.answer(Reply.REJECT, reason="no")
    world.answer()
    assert "the approval is rejected" in world.execute().reason


@pytest.mark.parametrize("forged", [{"protected": False}, {"started_by": "somebody"}])
def test_who_may_not_approve_is_asked_of_the_services_again(forged: dict[str, object]) -> None:
    """The question is where four functions write; that its pipeline is protected, the policy says."""
    world = AskingWorld(World(policy=Policy("v1", Budget(), (), protected_pipelines=("codebuild:shop",))))
    world.ask()
    stored = world.executing.approvals.stored
    stored[INCIDENT.id] = replace(stored[INCIDENT.id], **forged)  # type: ignore[arg-type]
    assert world.answer(by=DEVELOPER).status is ApprovalStatus.APPROVED
    assert "developer started the run: somebody else must approve" in world.execute().reason
    assert world.executing.service.started == []


def test_who_wrote_the_commit_is_asked_again_too() -> None:
    policy = Policy("v1", Budget(), (), protected_pipelines=("codepipeline:shop/Deploy",))
    world = AskingWorld(World(run=a_run(initiator="codepipeline/shop"), policy=policy))
    stages = world.executing.stages
    stages.builds = {"shop:1": StageAttempt("shop", "Deploy", FAILED, 1)}
    world.executing.decisions.stored.clear()
    world.executing.decide("retry_stage", Verdict.ASK)
    world.ask(remedy="retry_stage")
    world.answer(by=DEVELOPER)
    stages.written_by = ("developer@example.com",)
    refused = world.executing.execute("retry_stage")
    assert "developer@example.com wrote the commit: somebody else must approve" in refused.reason
    assert stages.changed == []


def test_in_a_protected_pipeline_what_somebody_else_approved_is_done() -> None:
    world = AskingWorld(World(policy=Policy("v1", Budget(), (), protected_pipelines=("codebuild:shop",))))
    world.ask()
    world.answer()
    assert world.execute().status is ActionStatus.STARTED


def test_elsewhere_whoever_started_the_run_may_approve() -> None:
    world = AskingWorld()
    world.ask()
    world.answer(by=DEVELOPER)
    assert world.execute().status is ActionStatus.STARTED
