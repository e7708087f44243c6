"""record_outcome: every way an incident can end has one outcome and a reason."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from selfheal.domain.action import Action, ActionStatus, Observed, Outcome, OutcomeStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.experiment import Again, Label
from selfheal.domain.incident import Incident, IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Autonomy
from selfheal.domain.run import RunStatus
from selfheal.domain.sighting import Sighting
from selfheal.domain.verification import Vain
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.earnings import Earnings
from selfheal.steps.experiments import Experiments
from selfheal.steps.record_outcome import judge, record_outcome
from selfheal.steps.state import HealState
from selfheal.testing.actions import MemoryActions
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.approvals import MemoryApprovals
from selfheal.testing.builders import NOON, SHOP, a_measurement, an_incident
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.labels import MemoryLabels
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FixedClock
from selfheal.testing.tracks import MemoryTracks
from selfheal.testing.vain import MemoryVain

ACT = Decision(Verdict.ACT, "retry_build", "policy allows it", "v1")
AUTONOMY = Autonomy(bar=0.5, min_outcomes=3)
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
    experiments = Experiments(MemoryFailures(), MemoryLabels())
    ports: Any = {"incidents": incidents, "ledger": ledger, "runs": runs, "experiments": experiments}
    ports |= {"alarm_check": AlarmCheck(MemoryHarms(), MemoryAlarms(), runs)}
    ports |= {"breakers": MemoryActions(), "approvals": MemoryApprovals(), "vain": MemoryVain()}
    ports["earnings"] = Earnings(MemoryTracks(), AUTONOMY)
    first = record_outcome(healed, **ports, clock=clock)
    assert (first.status, first.seconds) == (OutcomeStatus.HEALED, 30.0)
    clock.advance(30)
    late = HealState(incident.id, "shop:1", SHOP, IncidentKind.FAILED, decision=ACT, action=STARTED)
    assert record_outcome(late, **ports, clock=clock) == first


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
    failures: MemoryFailures = field(default_factory=MemoryFailures)
    labels: MemoryLabels = field(default_factory=MemoryLabels)
    harms: MemoryHarms = field(default_factory=MemoryHarms)
    alarms: MemoryAlarms = field(default_factory=MemoryAlarms)
    clock: FixedClock = field(default_factory=FixedClock)
    vain: MemoryVain = field(default_factory=MemoryVain)
    tracks: MemoryTracks = field(default_factory=MemoryTracks)

    def record(self, state: HealState) -> Outcome:
        return record_outcome(
            state,
            incidents=self.incidents,
            ledger=self.ledger,
            runs=self.runs,
            breakers=self.actions,
            approvals=self.approvals,
            experiments=Experiments(self.failures, self.labels),
            alarm_check=AlarmCheck(self.harms, self.alarms, self.runs),
            vain=self.vain,
            earnings=Earnings(self.tracks, AUTONOMY),
            clock=self.clock,
        )


def a_world(kind: IncidentKind = IncidentKind.FAILED) -> World:
    world = World(an_incident(kind=kind), MemoryIncidents(), MemoryLedger(), MemoryRuns())
    world.incidents.open(world.incident)
    world.runs.save(a_measurement("shop:1", RunStatus.FAILED))
    return world


def experiment(status: str, examined: Again | None = None, cause: Cause = Cause.FLAKY_TEST) -> HealState:
    """The state of a failed build that was retried and whose new run ended so."""
    state = ended(an_incident(), Observed(status, "shop:2"))
    diagnosis = Diagnosis(cause, True, 0.8, "signature:x", "f00d", "it failed")
    return replace(state, diagnosis=diagnosis, examined=examined)


def sighted(world: World) -> None:
    world.failures.remember(Sighting("shop:1", SHOP, "f00d", "abc", NOON))


@pytest.mark.parametrize(
    ("state", "label"),
    [
        (experiment("SUCCEEDED"), Label.FLAKE),
        (experiment("SUCCEEDED", cause=Cause.NETWORK), Label.INFRASTRUCTURE),
        (experiment("FAILED", Again("f00d", "flaky_test", "BUILD", "it failed")), Label.REAL),
        (experiment("FAILED", Again("beef", "oom", "BUILD", "it failed otherwise")), Label.NONE),
        (experiment("FAILED", Again(summary="it could not be examined: Throttled")), Label.NONE),
        (experiment("UNKNOWN"), Label.NONE),
    ],
)
def test_another_attempt_labels_the_failure_wherever_that_is_learned_from(
    state: HealState, label: Label
) -> None:
    world = a_world()
    sighted(world)
    outcome = world.record(state)
    written = world.ledger.entry(world.incident.id, LedgerKind.OUTCOME)
    assert written is not None and written.data["label"] == outcome.label == label
    assert world.failures.noted["shop:1"].label is label
    assert [each.label for each in world.labels.held.values()] == ([label] if label else [])


def test_a_label_is_noted_again_when_the_function_died_before_it_could() -> None:
    world = a_world()
    world.record(experiment("SUCCEEDED"))
    world.labels.held.clear()
    sighted(world)
    world.record(experiment("FAILED", Again("f00d")))
    assert world.failures.noted["shop:1"].label is Label.FLAKE, "the first outcome written stands"
    assert set(world.labels.held) == {"shop:1"}


def test_an_attempt_before_that_failed_in_the_same_way_convicts_the_cache() -> None:
    world = a_world()
    for run_id, minute in (("shop:0", -9), ("shop:1", 0)):
        commit = world.incident.lineage.source_version
        world.failures.remember(Sighting(run_id, SHOP, "f00d", commit, NOON + timedelta(minutes=minute)))
    clean = replace(STARTED, remedy="retry_build_clean")
    assert world.record(replace(experiment("SUCCEEDED"), action=clean)).label == Label.CACHE


def test_a_second_failure_in_the_same_way_is_remembered_as_tried_in_vain() -> None:
    world = a_world()
    world.record(experiment("FAILED", Again("f00d", "flaky_test", "BUILD", "it failed")))
    assert world.vain.of(world.incident.lineage, "f00d") == Vain("retry_build", "shop:2")
    other = a_world()
    other.record(experiment("FAILED", Again("beef", "oom", "BUILD", "it failed otherwise")))
    other.record(experiment("SUCCEEDED"))
    assert other.vain.noted == {}


@pytest.mark.parametrize(
    ("undo", "words"),
    [
        ("", "failed in INSTALL already"),
        ("it was taken back", "failed in INSTALL already; it was taken back"),
    ],
)
def test_what_is_worse_is_called_so_with_what_came_of_taking_it_back(undo: str, words: str) -> None:
    world = a_world()
    state = experiment(
        "FAILED", Again("beef", "network", "INSTALL", "no", worse="it failed in INSTALL already")
    )
    assert state.action
    outcome = world.record(replace(state, action=replace(state.action, undo=undo)))
    assert outcome.status is OutcomeStatus.WORSE
    assert outcome.reason == f"shop:2, started by retry_build, is worse: it {words}"
    assert world.runs.stored["shop:1"].confirmed


def test_a_run_that_succeeded_is_not_worse_whatever_was_found() -> None:
    state = experiment("SUCCEEDED", Again(worse="it failed in INSTALL already"))
    assert a_world().record(state).status is OutcomeStatus.HEALED
