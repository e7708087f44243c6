"""answer_approval: one answer, by somebody whom STS knows, about exactly what he was shown."""

from dataclasses import replace

import pytest

from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.errors import ApprovalRefused, IdentityUnproven
from selfheal.domain.ledger import LedgerKind
from selfheal.steps.answer_approval import LONGEST_REASON, Answerer, Reply, SignedStatement, Statement
from selfheal.testing.approvals import ACCOUNT, ALICE, FakeIdentities, MemoryApprovals, proof_of
from selfheal.testing.asking import AskingWorld
from selfheal.testing.execution import INCIDENT
from selfheal.testing.memory import MemoryBus, MemoryLedger
from selfheal.testing.service import FixedClock

BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"


def asked() -> AskingWorld:
    world = AskingWorld()
    world.ask()
    return world


def test_an_approval_is_recorded_with_who_gave_it_and_resumes_the_execution() -> None:
    world = asked()
    assert world.answer(reason="looked at it").status is ApprovalStatus.APPROVED
    assert world.deliver() == [("token", {"status": "approved", "by": ALICE, "reason": "looked at it"})]
    [entry] = [e for e in world.executing.ledger.written if e.kind is LedgerKind.APPROVED]
    assert entry.data["by"] == ALICE and entry.data["remedy"] == "retry_build"


def test_a_rejection_says_why() -> None:
    world = asked()
    with pytest.raises(ApprovalRefused, match="reason"):
        world.answer(Reply.REJECT, reason="  ")
    assert world.answer(Reply.REJECT, reason="not\non a\tfriday").reason == "not on a friday"
    assert world.deliver()[0][1]["status"] == "rejected"
    assert world.executing.kinds()[-1] is LedgerKind.REJECTED


def test_the_first_answer_stands() -> None:
    world = asked()
    world.answer()
    assert world.answer(Reply.REJECT, BOB, reason="no").by == ALICE
    assert world.answer(by=BOB).by == ALICE
    assert len(world.deliver()) == 1
    assert LedgerKind.REJECTED not in world.executing.kinds()


def test_what_has_expired_is_not_approved_and_that_is_recorded() -> None:
    world = asked()
    world.executing.clock.advance(world.wait.total_seconds())
    assert world.answer().status is ApprovalStatus.EXPIRED
    assert world.executing.kinds()[-1] is LedgerKind.APPROVAL_EXPIRED
    assert world.deliver()[0][1]["status"] == "expired"


def test_a_digest_of_something_else_is_refused() -> None:
    world = asked()
    with pytest.raises(ApprovalRefused, match="not what is to be approved"):
        world.answer(digest="0" * 64)
    assert world.executing.approvals.stored[INCIDENT.id].status is ApprovalStatus.PENDING


def test_a_plan_that_was_altered_under_its_digest_is_not_answered() -> None:
    world = asked()
    [(incident_id, approval)] = world.executing.approvals.stored.items()
    other = replace(approval, plan=replace(approval.plan, target="shop:harmless"))
    world.executing.approvals.stored[incident_id] = other
    with pytest.raises(ApprovalRefused, match="altered"):
        world.answer()
    assert world.executing.approvals.stored[incident_id] == other


def test_somebody_of_another_account_is_refused() -> None:
    world = asked()
    with pytest.raises(ApprovalRefused, match="another account"):
        world.answer(by=ALICE.replace(ACCOUNT, "999988887777"))


def test_only_the_stack_s_approvers_are_heard() -> None:
    world = asked()
    world.approvers = [f"arn:aws:sts::{ACCOUNT}:assumed-role/release/*"]
    with pytest.raises(ApprovalRefused, match="not one of this stack's approvers"):
        world.answer(by=BOB)
    assert world.answer().by == ALICE


def test_where_nothing_was_asked_nothing_is_answered() -> None:
    statement = Statement("nothing", "0" * 64, Reply.APPROVE)
    answerer = Answerer(
        approvals=MemoryApprovals(),
        ledger=MemoryLedger(),
        identities=FakeIdentities(),
        bus=MemoryBus(),
        clock=FixedClock(),
        audience="table",
        account=ACCOUNT,
        approvers=(),
    )
    with pytest.raises(ApprovalRefused, match="nobody was asked"):
        answerer.answer(SignedStatement(statement, proof_of(ALICE, statement.to("table"))))
    with pytest.raises(IdentityUnproven):
        answerer.answer(SignedStatement(statement, proof_of(ALICE, statement.to("another stack"))))


@pytest.mark.parametrize(
    "other",
    [
        Statement("i2", "d", Reply.APPROVE),
        Statement("i", "d2", Reply.APPROVE),
        Statement("i", "d", Reply.REJECT),
        Statement("i", "d", Reply.APPROVE, "r"),
    ],
)
def test_what_is_signed_is_every_word_of_the_statement_and_the_stack(other: Statement) -> None:
    statement = Statement("i", "d", Reply.APPROVE)
    assert len({statement.to("table"), statement.to("table2"), other.to("table")}) == 3


def test_a_reason_is_kept_short() -> None:
    world = asked()
    assert len(world.answer(Reply.REJECT, reason="no " * 9000).reason) <= LONGEST_REASON


def test_a_secret_in_a_reason_does_not_get_into_the_record() -> None:
    world = asked()
    secret = "AKIA" + "Q3EXAMPLE7EXAMP7"
    assert secret not in world.answer(Reply.REJECT, reason=f"the key {secret} is still in there").reason
    assert secret not in str(world.executing.ledger.written)


def test_the_proof_does_not_show_in_a_log() -> None:
    statement = Statement("i", "d", Reply.APPROVE)
    assert "secret" not in repr(SignedStatement(statement, proof_of("secret", "")))
