"""record_outcome: every way an incident can end has one outcome and a reason."""

from dataclasses import dataclass, field

import pytest

from selfheal.domain.action import Action, ActionStatus, Observed, Outcome, OutcomeStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.incident import Incident, IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import RunStatus
from selfheal.steps.record_outcome import judge, record_outcome
from selfheal.steps.state import HealState
from selfheal.testing.actions import MemoryActions
from selfheal.testing.approvals import MemoryApprovals
from selfheal.testing.builders import NOON, SHOP, a_measurement, an_incident
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FixedClock

ACT = Decision(Verdict.ACT, "retry_build", "policy allows it", "v1")
STARTED = Action("i", "retry_build", ActionStatus.STARTED, NOON, new_run_id="shop:2")


def ended(incident: Incident, observed: Observed | None) -> HealState:
    """The state of an incident whose run was retried, and what was seen of that."""
    return HealState(
        incident.id,
        incident.run.run_id,
        SHOP,
        IncidentKind.FAILED,
        decision=ACT,
        action=STARTED,
        observed=observed,
    )


@pytest.mark.parametrize(
    ("decision", "action", "observed", "expected", "words"),
    [
        (None, None, None, OutcomeStatus.UNKNOWN, "no decision"),
        (Decision(Verdict.OBSERVE, "retry_build", "set to observe", "v1"), None, None, "observed", "set to observe"),
        (Decision(Verdict.ASK, "retry_build", "wants a person", "v1"), None, None, "unknown", "nobody was asked"),
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
    status, reason = judge(decision, None, action, observed)
    assert status == expected and words in reason


def test_the_first_outcome_written_stands() -> None:
    incidents, ledger, clock = MemoryIncidents(), MemoryLedger(), FixedClock()
    runs = MemoryRuns()
    incident = an_incident()
    incidents.open(incident)
    clock.advance(30)
    healed = ended(incident, Observed("SUCCEEDED"))
    first = record_outcome(
        healed, incidents=incidents, ledger=ledger, runs=runs, breakers=MemoryActions(),
        approvals=MemoryApprovals(), clock=clock,
    )  # fmt: skip
    assert (first.status, first.seconds) == (OutcomeStatus.HEALED, 30.0)
    clock.advance(30)
    late = HealState(incident.id, "shop:1", SHOP, IncidentKind.FAILED, decision=ACT, action=STARTED)
    again = record_outcome(
        late, incidents=incidents, ledger=ledger, runs=runs, breakers=MemoryActions(),
        approvals=MemoryApprovals(), clock=clock,
    )  # fmt: skip
    assert again == first


@pytest.mark.parametrize(
    ("observed", "confirmed"),
    [
        (Observed("SUCCEEDED"), True),
        (Observed("FAILED"), True),
        (Observed("STOPPED"), False),
        (None, False),
    ],
)
def test_an_incident_that_proved_real_is_marked_at_its_run(
    observed: Observed | None, confirmed: bool
) -> None:
    world = a_world()
    state = ended(world.incident, observed)
    world.record(state)
    assert world.runs.stored["shop:1"].confirmed is confirmed


def test_a_crash_between_the_outcome_and_the_mark_is_made_good_by_the_next_attempt() -> None:
    world = a_world()
    state = ended(world.incident, Observed("SUCCEEDED"))
    world.record(state)
    world.runs.mark_confirmed("shop:1", False)  # as if the first attempt had not come that far
    world.record(state)
    assert world.runs.stored["shop:1"].confirmed


def test_what_a_person_dismissed_stays_dismissed_and_a_run_that_expired_is_no_error() -> None:
    world = a_world()
    healed = ended(world.incident, Observed("SUCCEEDED"))
    world.ledger.append(LedgerEntry(world.incident.id, LedgerKind.DISMISSED, NOON, {"by": "a person"}))
    world.record(healed)
    assert not world.runs.stored["shop:1"].confirmed
    gone = a_world()
    gone.runs.stored.clear()
    assert gone.record(healed).status is OutcomeStatus.HEALED


def test_a_verdict_that_comes_while_the_run_is_marked_holds_all_the_same() -> None:
    world = a_world()
    dismissal = LedgerEntry(world.incident.id, LedgerKind.DISMISSED, NOON, {"by": "a person"})

    class DismissedMeanwhile(MemoryRuns):
        def mark_confirmed(self, run_id: str, confirmed: bool) -> None:
            if world.ledger.append(dismissal):
                super().mark_confirmed(run_id, False)
            super().mark_confirmed(run_id, confirmed)

    world.runs = DismissedMeanwhile(world.runs.stored)
    state = ended(world.incident, Observed("SUCCEEDED"))
    world.record(state)
    assert not world.runs.stored["shop:1"].confirmed


@dataclass
class World:
    """One incident and the stores around it."""

    incident: Incident
    incidents: MemoryIncidents
    ledger: MemoryLedger
    runs: MemoryRuns
    actions: MemoryActions = field(default_factory=MemoryActions)
    approvals: MemoryApprovals = field(default_factory=MemoryApprovals)

    def record(self, state: HealState) -> Outcome:
        return record_outcome(
            state,
            incidents=self.incidents,
            ledger=self.ledger,
            runs=self.runs,
            breakers=self.actions,
            approvals=self.approvals,
            clock=FixedClock(),
        )


def a_world() -> World:
    world = World(an_incident(), MemoryIncidents(), MemoryLedger(), MemoryRuns())
    world.incidents.open(world.incident)
    world.runs.save(a_measurement("shop:1", RunStatus.FAILED))
    return world
