"""Asking and answering when a function dies at any call, and when others come in between."""

from contextlib import suppress

import pytest

from selfheal.domain.action import ActionStatus
from selfheal.domain.approval import Answer, ApprovalStatus
from selfheal.domain.ledger import LedgerKind
from selfheal.steps.answer_approval import Reply
from selfheal.testing.approvals import ACCOUNT, ALICE
from selfheal.testing.asking import AskingWorld
from selfheal.testing.fuse import Died, Fuse, die

BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
EVERY_CALL = [(n, after) for n in range(1, 16) for after in (False, True)]
ANSWERS = {LedgerKind.APPROVED, LedgerKind.REJECTED, LedgerKind.APPROVAL_EXPIRED}


def settled(world: AskingWorld) -> None:
    """One question, one answer, one build, and nobody who still waits."""
    kinds = world.executing.kinds()
    assert kinds.count(LedgerKind.APPROVAL_REQUESTED) == 1 and len(ANSWERS & set(kinds)) == 1
    assert world.waiters.open_tokens == set()
    assert len(world.bus.messages) in (1, 2), (
        "told twice at most, when a death comes between telling and noting"
    )
    assert len(world.executing.service.started) <= 1


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_a_function_that_died_while_asking_asks_once(n: int, after: bool) -> None:
    world = AskingWorld()
    with suppress(Died):
        world.ask("first", Fuse(n, die, after).guard)
    world.ask("second")
    assert world.answer().status is ApprovalStatus.APPROVED
    assert "second" in {token for token, _ in world.deliver()}
    assert world.execute().status is ActionStatus.STARTED
    settled(world)


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_a_function_that_died_while_answering_is_asked_again_and_goes_on(n: int, after: bool) -> None:
    world = AskingWorld()
    world.ask()
    with suppress(Died):
        world.answer(guard=Fuse(n, die, after).guard)
    assert world.answer().by == ALICE
    assert [answer["status"] for _, answer in world.deliver()] == ["approved"]
    assert world.execute().status is ActionStatus.STARTED
    settled(world)


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
@pytest.mark.parametrize("reply", Reply)
def test_of_two_who_answer_at_once_one_is_heard_and_both_are_told_who(
    n: int, after: bool, reply: Reply
) -> None:
    world = AskingWorld()
    world.ask()
    answers: list[Answer] = []

    def other() -> None:
        answers.append(world.answer(reply, BOB, reason="i was first"))

    answers.append(world.answer(guard=Fuse(n, other, after).guard))
    answers.append(world.answer(by=BOB))
    assert len({(answer.status, answer.by) for answer in answers}) == 1
    assert len(world.deliver()) == 1
    world.execute()
    settled(world)


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_an_answer_that_comes_while_the_question_is_put_reaches_the_execution(n: int, after: bool) -> None:
    world = AskingWorld()

    def other() -> None:
        if world.executing.approvals.stored:
            world.answer()

    world.ask(guard=Fuse(n, other, after).guard)
    world.answer()
    assert [answer["status"] for _, answer in world.deliver()] == ["approved"]


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_an_approval_that_expires_while_it_is_given_is_one_of_the_two(n: int, after: bool) -> None:
    world = AskingWorld()
    world.ask()

    def time_passes() -> None:
        world.executing.clock.advance(world.wait.total_seconds())
        world.ask("second")

    answer = world.answer(guard=Fuse(n, time_passes, after).guard)
    stands = world.answer()
    assert stands.status in (ApprovalStatus.APPROVED, ApprovalStatus.EXPIRED)
    assert answer.status is stands.status
    world.deliver()
    world.executing.clock.advance(world.wait.total_seconds())
    world.execute()
    assert world.executing.service.started == [], "it has expired by now, whatever was said"
    assert len(ANSWERS & set(world.executing.kinds())) == 1
