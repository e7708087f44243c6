"""Track records: each incident counts once, and the ledger gives them all again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.action import Action, ActionStatus, Observed, OutcomeStatus
from selfheal.domain.autonomy import Subject
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Autonomy
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.earnings import Earnings, rebuild
from selfheal.steps.experiments import Experiments
from selfheal.steps.record_outcome import record_outcome
from selfheal.steps.state import HealState
from selfheal.testing.actions import MemoryActions
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.approvals import MemoryApprovals
from selfheal.testing.builders import NOON, SHOP, an_incident
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.labels import MemoryLabels
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FixedClock
from selfheal.testing.tracks import MemoryTracks
from selfheal.testing.vain import MemoryVain
from selfheal.wire import encode

SUBJECT = Subject(SHOP, Cause.FLAKY_TEST, "retry_build")
DIAGNOSIS = Diagnosis(Cause.FLAKY_TEST, True, 0.8, "signature:x", "f00d", "it failed")
ACT = Decision(Verdict.ACT, "retry_build", "policy allows it", "v1", cause="flaky_test")


class World:
    """Incidents that are acted on one after the other, and all that is kept of them."""

    def __init__(self, autonomy: Autonomy | None = None) -> None:
        self.clock, self.tracks = FixedClock(), MemoryTracks()
        self.incidents, self.ledger = MemoryIncidents(), MemoryLedger()
        self.autonomy = autonomy or Autonomy(bar=0.5, min_outcomes=3)

    def end(self, number: int, status: str, started: bool = True) -> str:
        """One incident, from its diagnosis to its outcome; gives what people are told of trust."""
        incident = replace(an_incident(f"shop:{number}"), opened_at=self.clock.now())
        self.incidents.open(incident)
        state = ActionStatus.STARTED if started else ActionStatus.REFUSED
        action = Action(incident.id, "retry_build", state, NOON, new_run_id=f"shop:{number}-again")
        entries = [(LedgerKind.DIAGNOSED, encode(DIAGNOSIS)), (LedgerKind.ACTION_STARTED, encode(action))]
        for kind, data in entries:
            self.ledger.append(LedgerEntry(incident.id, kind, self.clock.now(), data))
        return self.record(HealState(
            incident.id, incident.run.run_id, SHOP, IncidentKind.FAILED, DIAGNOSIS, decision=ACT, action=action,
            observed=Observed(status),
        ))  # fmt: skip

    def record(self, state: HealState) -> str:
        self.clock.advance(60)
        return record_outcome(
            state, incidents=self.incidents, ledger=self.ledger, runs=MemoryRuns(), breakers=MemoryActions(),
            approvals=MemoryApprovals(), experiments=Experiments(MemoryFailures(), MemoryLabels()),
            earnings=Earnings(self.tracks, self.autonomy), clock=self.clock,
            alarm_check=AlarmCheck(MemoryHarms(), MemoryAlarms(), MemoryRuns()), vain=MemoryVain(),
        ).trust  # fmt: skip


def test_a_proposal_is_made_once_when_the_bar_is_passed() -> None:
    world = World()
    told = [world.end(n, "SUCCEEDED") for n in range(6)]
    assert [bool(words) for words in told] == [False, False, True, False, False, False]
    assert told[2].startswith("Proposal: let retry_build for flaky_test in codebuild:shop act")


def test_a_demotion_is_told_once() -> None:
    world = World()
    told = [world.end(n, "FAILED") for n in range(5)]
    assert [words.partition(":")[0] for words in told] == ["", "", "Demoted to ask", "", ""]


def test_an_outcome_that_is_recorded_again_counts_once() -> None:
    world = World()
    world.end(1, "SUCCEEDED")
    incident = world.incidents.recent(1)[0]
    action = Action(incident.id, "retry_build", ActionStatus.STARTED, NOON, new_run_id="x")
    world.record(HealState(
        incident.id, "shop:1", SHOP, IncidentKind.FAILED, DIAGNOSIS, decision=ACT, action=action,
        observed=Observed("FAILED"),
    ))  # fmt: skip
    (trial,) = world.tracks.track(SUBJECT).trials
    assert trial.outcome is OutcomeStatus.HEALED
    entry = world.ledger.entry(incident.id, LedgerKind.OUTCOME)
    assert entry is not None and trial.at == entry.at, "noted again, it is the same item"


@pytest.mark.parametrize(("status", "started"), [("UNKNOWN", True), ("STOPPED", True), ("SUCCEEDED", False)])
def test_what_was_not_tried_or_not_seen_counts_nothing(status: str, started: bool) -> None:
    world = World()
    world.end(1, status, started)
    assert world.tracks.track(SUBJECT).trials == ()


ENDS = st.lists(st.tuples(st.sampled_from(["SUCCEEDED", "FAILED", "UNKNOWN"]), st.booleans()), max_size=8)


@given(ENDS)
def test_the_ledger_gives_the_same_track_records_again(ends: list[tuple[str, bool]]) -> None:
    world, again = World(), MemoryTracks()
    for number, (status, started) in enumerate(ends):
        world.end(number, status, started)
    count = rebuild(world.incidents, world.ledger, again, limit=100)
    assert again.trials == world.tracks.trials
    assert count == sum(map(len, again.trials.values()))
