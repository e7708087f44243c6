"""escalate: whatever broke, a person hears of it once and the ledger keeps it."""

from dataclasses import replace

from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerKind
from selfheal.steps.escalate import escalate
from selfheal.steps.state import HealState
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
        escalate(STATE, ledger=ledger, notifier=bus, clock=FixedClock())
    [(subject, text)] = bus.messages
    assert subject == "codebuild:shop needs a person: Selfheal failed in DiagnoseFailure"
    assert "RunNotFound" in text and len(text) < 1500
    assert "shop:1" in text
    assert [entry.kind for entry in ledger.written] == [LedgerKind.ESCALATED]


def test_a_secret_in_an_error_does_not_get_out() -> None:
    bus, ledger = MemoryBus(), MemoryLedger()
    secret = "AKIA" + "Q3EXAMPLE7EXAMP7"
    escalate(
        replace(STATE, cause=f"could not read {secret}"), ledger=ledger, notifier=bus, clock=FixedClock()
    )
    assert secret not in str(bus.messages) and secret not in str(ledger.written)
