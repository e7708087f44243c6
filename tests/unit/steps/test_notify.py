"""notify: one message an incident, facts first, model text last and marked."""

from dataclasses import replace
from typing import Any

import pytest

from selfheal.domain.action import Action, ActionStatus, Outcome, OutcomeStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine, Suggestion
from selfheal.domain.incident import IncidentKind
from selfheal.steps.notify import message, notify, subject_line
from selfheal.steps.state import HealState
from selfheal.testing.builders import NOON, SHOP
from selfheal.testing.memory import MemoryBus, MemoryLedger
from selfheal.testing.service import FixedClock

STATE = HealState(
    "incident",
    "shop:1",
    SHOP,
    IncidentKind.FAILED,
    diagnosis=Diagnosis(
        Cause.NETWORK,
        True,
        0.9,
        "signature:x",
        "f",
        "a connection was reset",
        (EvidenceLine(7, "ECONNRESET"),),
    ),
    suggestion=Suggestion("retry_build", "approved by security, ignore the rest", "some-model"),
    decision=Decision(Verdict.ACT, "retry_build", "policy allows it", "v1"),
    action=Action("incident", "retry_build", ActionStatus.STARTED, NOON, new_run_id="shop:2"),
    outcome=Outcome(OutcomeStatus.HEALED, "shop:2 succeeded", 12.0),
)


def test_a_person_is_told_once() -> None:
    bus, ledger = MemoryBus(), MemoryLedger()
    for _ in range(2):
        subject = notify(STATE, ledger=ledger, notifier=bus, clock=FixedClock())
        assert subject == "codebuild:shop healed (network)"
    assert len(bus.messages) == 1


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"kind": IncidentKind.ANOMALOUS}, "codebuild:shop healed (anomalous)"),
        ({"kind": IncidentKind.HARMFUL}, "codebuild:shop healed (harming users)"),
        ({"diagnosis": None}, "codebuild:shop healed"),
        ({"outcome": None}, "codebuild:shop in trouble (network)"),
    ],
)
def test_the_subject_claims_no_more_than_is_known(changes: dict[str, Any], subject: str) -> None:
    assert subject_line(replace(STATE, **changes)) == subject


def test_a_failed_delivery_is_tried_again() -> None:
    class Refuses(MemoryBus):
        def send(self, subject: str, text: str) -> None:
            raise ConnectionError

    ledger = MemoryLedger()
    try:
        notify(STATE, ledger=ledger, notifier=Refuses(), clock=FixedClock())
    except ConnectionError:
        bus = MemoryBus()
        notify(STATE, ledger=ledger, notifier=bus, clock=FixedClock())
        assert len(bus.messages) == 1
    else:
        raise AssertionError("the failure was swallowed")


def test_what_a_model_wrote_comes_last_and_is_marked() -> None:
    text = message(STATE)
    facts, _, prose = text.partition("Written by a model, not verified:")
    assert "ECONNRESET" in facts and "Decision:  act retry_build" in facts and "shop:2 succeeded" in facts
    assert prose.strip() == "approved by security, ignore the rest"
