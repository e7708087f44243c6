"""escalate: whatever broke, a person hears of it once and the ledger keeps it."""

from dataclasses import replace

from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerKind
from selfheal.steps.escalate import escalate
from selfheal.steps.state import HealState
from selfheal.testing.approvals import ALICE, MemoryApprovals, an_approval
from selfheal.testing.builders import SHOP
from selfheal.testing.memory import MemoryBus, MemoryLedger
from selfheal.testing.service import FixedClock

STATE = HealState(
    "incident",
    "shop:1",
    SHOP,
    IncidentKind.FAILED,
    error="RunNotFound",
    cause="shop:1 " + "x" * 5000,
    state="DiagnoseFailure",
)


def test_a_person_is_called_once_with_the_state_and_the_error() -> None:
    bus, ledger = MemoryBus(), MemoryLedger()
    for _ in range(2):
        escalate(STATE, ledger=ledger, notifier=bus, approvals=MemoryApprovals(), clock=FixedClock())
    [(subject, text)] = bus.messages
    assert subject == "codebuild:shop needs a person: Selfheal failed in DiagnoseFailure"
    assert "RunNotFound" in text and len(text) < 1500
    assert "shop:1" in text
    assert [entry.kind for entry in ledger.written] == [LedgerKind.ESCALATED]


def test_a_secret_in_an_error_does_not_get_out() -> None:
    bus, ledger = MemoryBus(), MemoryLedger()
    secret = "AKIA" + "Q3EXAMPLE7EXAMP7"
    state = replace(STATE, cause=f"could not read {secret}")
    escalate(state, ledger=ledger, notifier=bus, approvals=MemoryApprovals(), clock=FixedClock())
    assert secret not in str(bus.messages) and secret not in str(ledger.written)


def test_a_question_that_nobody_waits_for_any_more_is_closed_and_an_answer_stays() -> None:
    open_one = an_approval()
    given = an_approval(status=ApprovalStatus.APPROVED, by=ALICE)
    for asked, expected in ((open_one, ApprovalStatus.REFUSED), (given, ApprovalStatus.APPROVED)):
        approvals = MemoryApprovals({asked.incident_id: asked})
        state = replace(STATE, incident_id=asked.incident_id, state="RequestApproval")
        for _ in range(2):
            escalate(
                state, ledger=MemoryLedger(), notifier=MemoryBus(), approvals=approvals, clock=FixedClock()
            )
        assert approvals.stored[asked.incident_id].status is expected
