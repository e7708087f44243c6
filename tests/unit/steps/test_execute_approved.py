"""execute_action where people are asked: only what was approved, unaltered and in time."""

from dataclasses import replace

import pytest

from selfheal.domain.action import ActionStatus
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.policy import Mode
from selfheal.steps.answer_approval import Reply
from selfheal.testing.asking import AskingWorld
from selfheal.testing.builders import a_run
from selfheal.testing.execution import INCIDENT


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
