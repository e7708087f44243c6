"""watch_deployment: an alarm is tied to the deployment that was baking when it went off, once, whatever events do."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.errors import ServiceUnavailable
from selfheal.domain.harm import Alarm, AlarmState, Unblamed
from selfheal.domain.incident import IncidentKind, Lineage, harm_incident_id, incident_id
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, RunRef, RunStatus
from selfheal.domain.watch import Watch
from selfheal.steps.watch_deployment import DeploymentWatch, Watched
from selfheal.testing.actions import MemoryActions
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.builders import COMMIT, NOON, a_measurement, an_incident
from selfheal.testing.memory import MemoryBus, MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FixedClock

PROD = PipelineKey.parse("codedeploy:shop/prod")
STAGE = PipelineKey.parse("codepipeline:shop/Deploy")
BAKE = timedelta(minutes=30)
ENDED = NOON + timedelta(minutes=1)
SOON = ENDED + timedelta(minutes=5)
HARM = harm_incident_id("d-2")


def minutes(count: float) -> datetime:
    """So long after the end of d-2."""
    return ENDED + timedelta(minutes=count)


def deployed(
    run_id: str, ago: float = 0, status: RunStatus = RunStatus.SUCCEEDED, *, rolls_back: bool = False
) -> Measurement:
    """A deployment of one minute that ended so many minutes before d-2 did."""
    started = NOON - timedelta(minutes=ago)
    return a_measurement(run_id, status, pipeline=PROD, started_at=started, rolls_back=rolls_back)


@dataclass
class World:
    clock: FixedClock = field(default_factory=lambda: FixedClock(minutes(6)))
    watches: list[Watch] = field(default_factory=lambda: [Watch(("shop-*",), PROD, BAKE)])
    alarms: MemoryAlarms = field(default_factory=MemoryAlarms)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    actions: MemoryActions = field(default_factory=MemoryActions)
    harms: MemoryHarms = field(default_factory=MemoryHarms)
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    bus: MemoryBus = field(default_factory=MemoryBus)

    def look(self, hint: str | PipelineKey = "shop-5xx") -> list[Watched]:
        watch = DeploymentWatch(
            self.watches, self.alarms, self.runs, self.actions, self.harms, self.incidents, self.ledger,
            self.bus, self.clock,
        )  # fmt: skip
        return watch.look(hint)

    def ringing(self, *runs: Measurement, since: datetime = SOON) -> "World":
        for run in runs:
            self.runs.save(run)
        self.alarms.ring("shop-5xx", since)
        return self


def unblamed(world: World) -> Unblamed | None:
    (watched,) = world.look()
    assert not watched.incident_id and not world.incidents.stored and not world.bus.published
    return watched.unblamed


def test_an_alarm_in_the_bake_window_opens_an_incident_of_the_deployment() -> None:
    world = World().ringing(deployed("d-2"))
    assert world.look() == [Watched("shop-5xx", HARM)]
    incident = world.incidents.get(HARM)
    assert (incident.kind, incident.run) == (IncidentKind.HARMFUL, RunRef(PROD, "d-2"))
    assert incident.lineage == Lineage(PROD, COMMIT)
    detail = {"incident_id": HARM, "run_id": "d-2", "pipeline": str(PROD), "kind": "harmful"}
    assert world.bus.published == [("Incident Opened", detail)]
    (entry,) = world.ledger.entries(HARM)
    assert entry.kind is LedgerKind.OPENED and entry.data["alarm"] == "shop-5xx"


def test_the_alarm_and_when_it_went_off_are_kept_with_the_incident() -> None:
    world = World().ringing(deployed("d-2"))
    world.look()
    (harm,) = world.harms.of_incident(HARM)
    assert (harm.alarm.name, harm.after_seconds, harm.rivals) == ("shop-5xx", 300.0, ())


def test_the_run_may_have_an_incident_of_its_own_beside() -> None:
    world = World().ringing(deployed("d-2"))
    world.incidents.open(an_incident("d-2", IncidentKind.ANOMALOUS))
    world.look()
    assert set(world.incidents.stored) == {HARM, incident_id("d-2")}


def test_repeated_events_and_a_flapping_alarm_are_one_incident() -> None:
    world = World().ringing(deployed("d-2"))
    first = world.look()
    assert world.look() == world.look(PROD) == first
    world.ringing(since=minutes(9))
    world.clock.advance(300)
    assert world.look() == first
    assert len(world.incidents.stored) == len(world.bus.published) == len(world.ledger.written) == 1
    (harm,) = world.harms.of_incident(HARM)
    assert harm.after_seconds == 300.0, "when it first went off"


def test_several_alarms_of_one_deployment_are_one_incident_that_knows_all_of_them() -> None:
    world = World().ringing(deployed("d-2"))
    world.look()
    world.alarms.ring("shop-latency", minutes(6))
    world.look("shop-latency")
    assert len(world.incidents.stored) == len(world.bus.published) == 1
    assert [harm.alarm.name for harm in world.harms.of_incident(HARM)] == ["shop-5xx", "shop-latency"]


@pytest.mark.parametrize("state", [AlarmState.OK, AlarmState.INSUFFICIENT_DATA, None])
def test_an_event_about_an_alarm_that_does_not_ring_does_nothing(state: AlarmState | None) -> None:
    world = World().ringing(deployed("d-2"))
    world.alarms.alarms.clear()
    if state:
        world.alarms.alarms["shop-5xx"] = Alarm("shop-5xx", state, minutes(5))
    assert world.look() == [] and not world.incidents.stored


def test_an_alarm_from_the_future_is_not_believed() -> None:
    assert World().ringing(deployed("d-2"), since=minutes(20)).look() == []


def test_an_alarm_that_no_watch_names_is_not_even_read() -> None:
    class Unread(MemoryAlarms):
        def read(self, name: str) -> Alarm | None:
            raise ServiceUnavailable(name)

    world = World(alarms=Unread()).ringing(deployed("d-2"))
    world.alarms.ring("other-5xx", minutes(5))
    assert world.look("other-5xx") == []


@pytest.mark.parametrize(
    ("since", "inside"),
    [
        (NOON - timedelta(seconds=1), False),
        (NOON, True),
        (NOON + timedelta(seconds=30), True),
        (ENDED, True),
        (minutes(30), True),
        (minutes(30) + timedelta(seconds=1), False),
    ],
)
def test_a_deployment_is_to_blame_from_its_start_to_the_end_of_its_bake_window(
    since: datetime, inside: bool
) -> None:
    world = World(clock=FixedClock(minutes(60))).ringing(deployed("d-2"), since=since)
    (watched,) = world.look()
    assert bool(watched.incident_id) is inside
    assert (watched.unblamed is Unblamed.OUTSIDE_WINDOW) is not inside


def test_the_latest_deployment_is_blamed_and_those_that_had_not_proven_themselves_are_named() -> None:
    """d-2 began a minute before its end: d-1 ended nine minutes before that, d-0 ten, and d-9 outside the window."""
    earlier = deployed("d-1", ago=10), deployed("d-0", ago=11), deployed("d-9", ago=40)
    world = World().ringing(*earlier, deployed("d-2"))
    assert world.look() == [Watched("shop-5xx", HARM)]
    (harm,) = world.harms.of_incident(HARM)
    assert harm.rivals == ("codedeploy:shop/prod d-1",)


def test_of_two_pipelines_that_share_an_alarm_the_one_that_deployed_last_is_blamed() -> None:
    world = World()
    world.watches.append(Watch(("shop-5xx",), STAGE, timedelta(minutes=10)))
    stage = a_measurement("shop/Deploy/e/1", pipeline=STAGE, started_at=NOON + timedelta(minutes=2))
    world.ringing(deployed("d-2"), stage)
    assert world.look() == [Watched("shop-5xx", harm_incident_id("shop/Deploy/e/1"))]
    (harm,) = world.harms.of_incident(harm_incident_id("shop/Deploy/e/1"))
    assert harm.rivals == ("codedeploy:shop/prod d-2",)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.STOPPED, RunStatus.TIMED_OUT])
def test_after_a_deployment_that_did_not_succeed_no_earlier_one_is_blamed(status: RunStatus) -> None:
    world = World().ringing(deployed("d-1", ago=10), deployed("d-2", status=status))
    assert unblamed(world) is Unblamed.NOT_SUCCEEDED


def test_a_superseded_run_deployed_nothing() -> None:
    world = World().ringing(deployed("d-2"), deployed("d-3", ago=-2, status=RunStatus.SUPERSEDED))
    assert world.look() == [Watched("shop-5xx", HARM)]


def test_a_rollback_is_never_rolled_back() -> None:
    assert unblamed(World().ringing(deployed("d-2", rolls_back=True))) is Unblamed.ROLLBACK


@pytest.mark.parametrize(("remedy", "blamed"), [("roll_back_deployment", False), ("retry_stage", True)])
def test_what_selfheal_started_is_blamed_unless_it_went_back(remedy: str, blamed: bool) -> None:
    world = World().ringing(deployed("d-2"))
    world.actions.finish(Action("earlier", remedy, ActionStatus.STARTED, NOON, new_run_id="d-2"))
    (watched,) = world.look()
    assert bool(watched.incident_id) is blamed
    assert watched.unblamed is (None if blamed else Unblamed.ROLLBACK)


def test_an_alarm_that_rang_before_the_deployment_was_measured_is_found_when_it_is() -> None:
    world = World().ringing(since=NOON + timedelta(seconds=30))
    assert unblamed(world) is Unblamed.OUTSIDE_WINDOW
    world.runs.save(deployed("d-2"))
    assert world.look(PROD) == [Watched("shop-5xx", HARM)]
    (harm,) = world.harms.of_incident(HARM)
    assert harm.after_seconds == -30.0


def test_a_measured_deployment_brings_up_its_own_alarms_only() -> None:
    world = World().ringing(deployed("d-2"))
    world.alarms.ring("other-5xx", minutes(5))
    assert world.look(STAGE) == []
    assert world.look(PROD) == [Watched("shop-5xx", HARM)]


def test_an_alarm_that_has_long_been_ringing_is_not_told_of_at_every_deployment() -> None:
    world = World().ringing(deployed("d-2"), since=NOON - timedelta(days=1))
    assert world.look(PROD) == []


def test_after_the_rollback_the_alarm_still_belongs_to_the_same_incident() -> None:
    world = World().ringing(deployed("d-2"))
    first = world.look()
    world.runs.save(deployed("d-3", ago=-10, rolls_back=True))
    assert world.look(PROD) == first
    assert len(world.bus.published) == 1


def test_without_a_watch_nothing_is_asked_and_nothing_opens() -> None:
    world = World(watches=[]).ringing(deployed("d-2"))
    assert world.look() == world.look(PROD) == []


def test_a_secret_in_the_words_of_an_alarm_stays_out_of_the_table() -> None:
    token = "AKIA" + "Q3EGUZKTXAMPLE7A"
    world = World().ringing(deployed("d-2"))
    world.alarms.ring("shop-5xx", minutes(5), reason=f"set by hand\nwith {token} " + "x" * 2000)
    world.look()
    (harm,) = world.harms.of_incident(HARM)
    assert token not in harm.alarm.reason and "\n" not in harm.alarm.reason
    assert harm.alarm.reason.startswith("set by hand") and len(harm.alarm.reason) <= 500


@pytest.mark.parametrize("dies_at", ["harms", "incidents", "bus", "ledger"])
def test_a_crash_before_the_last_write_is_mended_by_the_next_delivery(dies_at: str) -> None:
    class Dies:
        def __getattr__(self, name: str) -> object:
            raise ServiceUnavailable(name)

    world = World().ringing(deployed("d-2"))
    with pytest.raises(ServiceUnavailable):
        replace(world, **{dies_at: cast(Any, Dies())}).look()
    assert world.look() == [Watched("shop-5xx", HARM)]
    assert [entry.kind for entry in world.ledger.entries(HARM)] == [LedgerKind.OPENED]
    assert [kind for kind, _ in world.bus.published][-1:] == ["Incident Opened"]
    assert len(world.harms.of_incident(HARM)) == 1
