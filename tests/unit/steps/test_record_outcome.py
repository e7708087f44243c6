"""record_outcome: every way an incident can end has one outcome and a reason."""

import pytest

from selfheal.domain.action import Action, ActionStatus, Observed, OutcomeStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.incident import IncidentKind
from selfheal.steps.record_outcome import judge, record_outcome
from selfheal.steps.state import HealState
from selfheal.testing.builders import NOON, SHOP, an_incident
from selfheal.testing.memory import MemoryIncidents, MemoryLedger
from selfheal.testing.service import FixedClock

ACT = Decision(Verdict.ACT, "retry_build", "policy allows it", "v1")
STARTED = Action("i", "retry_build", ActionStatus.STARTED, NOON, new_run_id="shop:2")


@pytest.mark.parametrize(
    ("decision", "action", "observed", "expected", "words"),
    [
        (None, None, None, OutcomeStatus.UNKNOWN, "no decision"),
        (Decision(Verdict.OBSERVE, "retry_build", "set to observe", "v1"), None, None, "observed", "set to observe"),
        (Decision(Verdict.ASK, "retry_build", "wants a person", "v1"), None, None, "observed", "wants a person"),
        (Decision(Verdict.REFUSE, "retry_build", "budget spent", "v1"), None, None, "refused", "budget spent"),
        (ACT, None, None, "unknown", "no trace"),
        (ACT, Action("i", "retry_build", ActionStatus.REFUSED, NOON, reason="newer"), None, "refused", "newer"),
        (ACT, Action("i", "notify", ActionStatus.DONE, NOON), None, "notified", "policy allows it"),
        (ACT, STARTED, Observed("SUCCEEDED", "shop:2"), "healed", "shop:2 succeeded after retry_build"),
        (ACT, STARTED, Observed("FAILED", "shop:2"), "not_healed", "ended FAILED"),
        (ACT, STARTED, Observed("TIMED_OUT", "shop:2"), "not_healed", "ended TIMED_OUT"),
        (ACT, STARTED, Observed("STOPPED", "shop:2"), "unknown", "somebody else stopped it"),
        (ACT, STARTED, Observed("UNKNOWN"), "unknown", "not seen to end"),
        (ACT, STARTED, None, "unknown", "not seen to end"),
    ],
)  # fmt: skip
def test_judgement(
    decision: Decision | None, action: Action | None, observed: Observed | None, expected: str, words: str
) -> None:
    status, reason = judge(decision, action, observed)
    assert status == expected and words in reason


def test_the_first_outcome_written_stands() -> None:
    incidents, ledger, clock = MemoryIncidents(), MemoryLedger(), FixedClock()
    incident = an_incident()
    incidents.open(incident)
    clock.advance(30)
    healed = HealState(
        incident.id,
        "shop:1",
        SHOP,
        IncidentKind.FAILED,
        decision=ACT,
        action=STARTED,
        observed=Observed("SUCCEEDED"),
    )
    first = record_outcome(healed, incidents=incidents, ledger=ledger, clock=clock)
    assert (first.status, first.seconds) == (OutcomeStatus.HEALED, 30.0)
    clock.advance(30)
    late = HealState(incident.id, "shop:1", SHOP, IncidentKind.FAILED, decision=ACT, action=STARTED)
    assert record_outcome(late, incidents=incidents, ledger=ledger, clock=clock) == first
