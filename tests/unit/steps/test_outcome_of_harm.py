"""record_outcome of a harmful deployment: its rollback has healed when the alarms are quiet, and not before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from selfheal.domain.action import Action, ActionStatus, Observed, OutcomeStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.errors import AlarmsUnsettled, TransientError
from selfheal.domain.harm import Alarm, AlarmState, Harm
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.run import RunStatus
from selfheal.steps.alarm_check import SETTLING
from selfheal.steps.state import HealState
from selfheal.testing.builders import NOON, SHOP, a_measurement
from tests.unit.steps.test_record_outcome import World, a_world

ACT = Decision(Verdict.ACT, "roll_back_deployment", "policy allows it", "v1")
STARTED = Action("i", "roll_back_deployment", ActionStatus.STARTED, NOON, new_run_id="shop:2")


@pytest.fixture
def world() -> World:
    """A minute-long rollback of a harmful deployment that began at noon, a moment ago."""
    world = a_world(IncidentKind.HARMFUL)
    world.harms.note(world.incident.id, Harm(Alarm("shop-5xx", AlarmState.ALARM, NOON), 60.0))
    world.runs.save(a_measurement("shop:2"))
    world.alarms.ring("shop-5xx")
    world.clock.advance(90)
    return world


def rolled_back(world: World, status: RunStatus = RunStatus.SUCCEEDED) -> HealState:
    observed = Observed(status.value, "shop:2")
    return HealState(
        world.incident.id,
        "shop:1",
        SHOP,
        IncidentKind.HARMFUL,
        decision=ACT,
        action=STARTED,
        observed=observed,
    )


def test_it_has_healed_when_the_alarm_is_quiet_again(world: World) -> None:
    with pytest.raises(AlarmsUnsettled):
        world.record(rolled_back(world))
    assert world.ledger.written == [], "nothing is claimed before it is known"
    world.alarms.settle("shop-5xx")
    outcome = world.record(rolled_back(world))
    assert outcome.status is OutcomeStatus.HEALED
    assert outcome.reason == "shop:2 succeeded after roll_back_deployment, OK again: shop-5xx"


def test_it_has_not_when_the_alarm_rings_on_until_its_time_is_up(world: World) -> None:
    world.clock.advance(SETTLING.total_seconds())
    outcome = world.record(rolled_back(world))
    assert outcome.status is OutcomeStatus.NOT_HEALED
    assert outcome.reason == "shop:2 succeeded after roll_back_deployment, but shop-5xx still rings"


@pytest.mark.parametrize("state", [AlarmState.INSUFFICIENT_DATA, None])
def test_an_alarm_that_says_nothing_proves_nothing(world: World, state: AlarmState | None) -> None:
    world.alarms.alarms.clear()
    if state:
        world.alarms.alarms["shop-5xx"] = Alarm("shop-5xx", state, NOON)
    with pytest.raises(AlarmsUnsettled, match="shop-5xx"):
        world.record(rolled_back(world))
    world.clock.advance(SETTLING.total_seconds())
    outcome = world.record(rolled_back(world))
    assert outcome.status is OutcomeStatus.UNKNOWN
    assert outcome.reason.endswith("but shop-5xx has no data" if state else "but shop-5xx is gone")


def run_by_hand(world: World, remedy: str = "run_runbook") -> HealState:
    """What a runbook leaves that was started: nobody waits for its end."""
    done = Action("i", remedy, ActionStatus.DONE, NOON, new_run_id="automation-1")
    decision = replace(ACT, remedy=remedy)
    return replace(rolled_back(world), decision=decision, action=done, observed=None)


def test_a_runbook_is_judged_by_the_alarms_it_was_to_quiet(world: World) -> None:
    with pytest.raises(AlarmsUnsettled):
        world.record(run_by_hand(world))
    world.alarms.settle("shop-5xx")
    outcome = world.record(run_by_hand(world))
    assert outcome.status is OutcomeStatus.HEALED
    assert outcome.reason == "run_runbook was carried out (automation-1), OK again: shop-5xx"


def test_a_runbook_that_may_still_be_at_work_is_not_called_useless(world: World) -> None:
    world.clock.advance(SETTLING.total_seconds())
    outcome = world.record(run_by_hand(world))
    assert outcome.status is OutcomeStatus.UNKNOWN
    assert outcome.reason == "run_runbook was carried out (automation-1), but shop-5xx still rings"


def test_a_runbook_that_was_refused_has_healed_nothing(world: World) -> None:
    world.alarms.settle("shop-5xx")
    state = run_by_hand(world)
    assert state.action
    refused = replace(state.action, status=ActionStatus.REFUSED, reason="paused")
    assert world.record(replace(state, action=refused)).status is OutcomeStatus.REFUSED


def test_a_stage_that_was_only_held_is_not_healed_by_quiet_alarms(world: World) -> None:
    world.alarms.settle("shop-5xx")
    assert world.record(run_by_hand(world, "hold_stage")).status is OutcomeStatus.UNKNOWN


def test_every_alarm_of_the_incident_has_to_be_quiet(world: World) -> None:
    for name in ("shop-latency", "shop-queue"):
        world.harms.note(world.incident.id, Harm(Alarm(name, AlarmState.ALARM, NOON), 60.0))
    world.alarms.settle("shop-5xx")
    world.alarms.ring("shop-latency")
    with pytest.raises(AlarmsUnsettled) as caught:
        world.record(rolled_back(world))
    assert isinstance(caught.value, TransientError), "the state machine asks again"
    world.clock.advance(SETTLING.total_seconds())
    outcome = world.record(rolled_back(world))
    assert outcome.status is OutcomeStatus.NOT_HEALED
    assert outcome.reason.endswith("but shop-latency still rings, shop-queue is gone")


def test_a_failed_run_that_was_retried_has_no_alarms_to_ask() -> None:
    world = a_world()
    state = rolled_back(world)
    assert world.record(state).status is OutcomeStatus.HEALED


def test_its_time_runs_from_the_end_of_the_rollback(world: World) -> None:
    late = NOON + timedelta(hours=3)
    world.runs.stored.pop("shop:2")
    world.runs.save(a_measurement("shop:2", started_at=late))
    world.clock.moment = late + timedelta(minutes=2)
    with pytest.raises(AlarmsUnsettled):
        world.record(rolled_back(world))


def test_a_rollback_that_failed_is_not_asked_of_alarms(world: World) -> None:
    assert world.record(rolled_back(world, RunStatus.FAILED)).status is not OutcomeStatus.HEALED


def test_what_was_recorded_stands_whatever_the_alarm_does_later(world: World) -> None:
    world.alarms.settle("shop-5xx")
    first = world.record(rolled_back(world))
    world.alarms.ring("shop-5xx")
    assert world.record(rolled_back(world)) == first
    assert [entry.kind for entry in world.ledger.written].count(LedgerKind.OUTCOME) == 1
