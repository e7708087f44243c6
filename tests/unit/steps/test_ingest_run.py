"""ingest_run: every finished run is measured, stored and announced once, whatever its events do."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from selfheal.domain.errors import MeasurementIncomplete, RunNotFound, Throttled
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import Phase, PipelineKey, Run, RunRef, RunStatus
from selfheal.measure_ports import Utilisation
from selfheal.ports import StoredRun, TestCase
from selfheal.steps.ingest_run import Intake, RunIntake, Taken
from selfheal.steps.measure_run import Gauges
from selfheal.testing.builders import NOON, SHOP, a_run
from selfheal.testing.memory import MemoryBus, MemoryLake, MemoryQuarantine, MemoryRuns
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.waiters import MemoryWaiters, deliver
from selfheal.wire import event_of


@dataclass
class World:
    clock: FixedClock = field(default_factory=FixedClock)
    service: FakeService = field(default_factory=FakeService)
    lake: MemoryLake = field(default_factory=MemoryLake)
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    waiters: MemoryWaiters = field(default_factory=MemoryWaiters)
    bus: MemoryBus = field(default_factory=MemoryBus)

    def intake(self) -> RunIntake:
        return RunIntake(
            reader=self.service,
            gauges=Gauges(self.service, self.service, self.service, self.service),
            lake=self.lake,
            quarantine=self.quarantine,
            runs=self.runs,
            waiters=self.waiters,
            bus=self.bus,
            clock=self.clock,
        )

    def ingest(self, event: Any) -> Taken | None:
        return next(iter(self.batch(event)), None)

    def batch(self, *events: Any) -> list[Taken]:
        intake = self.intake()
        found = [taken for event in events if (taken := intake.take_in(event)) is not None]
        intake.record(found)
        for taken in found:
            intake.finish(taken)
        deliver(self.bus, self.waiters)
        return found

    def measure(self, event: Any) -> Measurement:
        taken = self.ingest(event)
        assert taken is not None
        return taken.measurement


EVENT = event_of(a_run().ref)


def test_a_finished_run_is_measured_stored_and_announced() -> None:
    world = World()
    world.service.add(a_run(report_arns=("arn:report",), cache="S3"), "one line")
    world.service.cases = [TestCase("t", "FAILED", "boom")]
    measurement = world.measure(EVENT)
    assert measurement.duration_seconds == 60.0
    assert measurement.phases == {"INSTALL": 10.0}, "a phase cut short says nothing about normal"
    assert measurement.tests is not None and measurement.tests.failed == 1
    assert (measurement.cpu_percent, measurement.memory_percent) == (50.0, 25.0)
    assert (measurement.storage_read_rate, measurement.storage_write_rate) == (1e6, 2e6)
    assert (measurement.log_bytes, measurement.cache, measurement.missing) == (8, "S3", ())
    assert world.lake.written == [measurement]
    assert world.bus.published == [
        ("Run Measured", {"run_id": "shop:1", "pipeline": "codebuild:shop", "status": "FAILED"})
    ]


def test_a_duplicate_event_changes_and_announces_nothing() -> None:
    world = World()
    world.service.add(a_run())
    world.ingest(EVENT)
    assert world.ingest(EVENT) is None
    assert len(world.bus.published) == 1


def test_a_crash_before_the_announcement_is_made_good_by_the_next_delivery() -> None:
    world = World()
    world.service.add(a_run())
    world.ingest(EVENT)
    stored = world.runs.stored["shop:1"]
    world.runs.stored["shop:1"] = replace(stored, announced=False)
    assert world.measure(EVENT) == stored.measurement
    assert len(world.bus.published) == 2


def test_an_event_of_a_running_build_is_passed_over() -> None:
    world = World()
    event = {**EVENT, "detail": {**EVENT["detail"], "build-status": "IN_PROGRESS"}}
    assert world.ingest(event) is None
    assert world.runs.stored == {}


def test_an_event_ahead_of_its_service_is_tried_again() -> None:
    world = World()
    world.service.add(a_run(status=RunStatus.IN_PROGRESS, ended_at=None))
    with pytest.raises(MeasurementIncomplete, match="still IN_PROGRESS"):
        world.ingest(EVENT)
    assert world.runs.stored == {}


def test_a_build_that_no_longer_exists_is_a_clear_error() -> None:
    with pytest.raises(RunNotFound, match="shop:1"):
        World().ingest(EVENT)


def test_the_lake_holds_what_the_table_holds_when_two_deliveries_measure_differently() -> None:
    world = World()
    world.service.add(a_run())

    class Overtaken(MemoryRuns):
        """The other delivery stores its measurement just before this one does."""

        def save(self, measurement: Measurement, **flags: Any) -> StoredRun:
            super().save(replace(measurement, cpu_percent=99.0), **flags)
            return super().save(measurement, **flags)

    world.runs = Overtaken()
    world.ingest(EVENT)
    assert [m.cpu_percent for m in world.lake.written] == [99.0]


def test_whoever_waits_for_the_run_is_resumed_with_its_status() -> None:
    world = World()
    world.service.add(a_run(status=RunStatus.SUCCEEDED))
    world.waiters.add("shop:1", "token")
    world.ingest(EVENT)
    assert world.waiters.resumed == [("token", {"run_id": "shop:1", "status": "SUCCEEDED"})]


def test_missing_metrics_are_named_and_the_run_is_announced_without_them() -> None:
    world = World(service=FakeService(use=Utilisation(None, 25.0)))
    world.service.add(a_run())
    measurement = world.measure(EVENT)
    assert measurement.missing == ("cpu_percent", "storage_read_rate", "storage_write_rate")
    assert len(world.bus.published) == 1 and not world.runs.stored["shop:1"].settled


def history(world: World, pipeline: PipelineKey = SHOP) -> list[Measurement]:
    return [run.measurement for run in world.runs.history(pipeline, NOON + timedelta(hours=1), 9)]


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (a_run(ended_at=NOON - timedelta(seconds=5)), "duration_seconds is -5.0, which is negative"),
        (a_run(queued_seconds=float("inf")), "queued_seconds is inf, which is not finite"),
        (
            a_run(phases=(Phase("BUILD", "SUCCEEDED", -3.0),)),
            "phase:BUILD is -3.0, which is negative",
        ),
    ],
)
def test_numbers_nobody_can_believe_are_quarantined_with_the_reason_and_nowhere_else(
    run: Run, reason: str
) -> None:
    world = World()
    world.service.add(run)
    world.waiters.add("shop:1", "token")
    taken = world.ingest(EVENT)
    assert taken is not None and taken.intake is Intake.QUARANTINED
    assert world.quarantine.held["shop:1"][1] == (reason,)
    assert (world.runs.stored, world.lake.written, world.bus.published) == ({}, [], [])
    assert world.waiters.resumed == [("token", {"run_id": "shop:1", "status": "FAILED"})]
    assert world.ingest(EVENT) is None, "it is counted once"


def test_a_clock_that_is_rounded_is_not_broken_and_zero_is_a_duration() -> None:
    world = World()
    world.service.add(a_run(ended_at=NOON - timedelta(milliseconds=400)))
    assert world.measure(EVENT).duration_seconds == 0.0
    assert world.runs.stored["shop:1"].announced


def test_a_batch_is_written_to_the_lake_at_once_and_each_run_once() -> None:
    world = World()
    runs = [world.service.add(a_run(f"shop:{n}")) for n in (1, 2, 3)]
    events = [event_of(run.ref) for run in runs]
    puts: list[int] = []

    class Counted(MemoryLake):
        def put(self, measurements: Any) -> list[str]:
            puts.append(len(measurements))
            return super().put(measurements)

    world.lake = Counted()
    assert len(world.batch(*events, events[0])) == 3
    assert puts == [3] and len(world.bus.published) == 3


def test_when_the_lake_cannot_be_written_nothing_is_announced_and_the_next_delivery_goes_on() -> None:
    world = World()
    world.service.add(a_run())

    class Away(MemoryLake):
        def put(self, measurements: Any) -> list[str]:
            raise Throttled("s3:PutObject: SlowDown")

    world.lake = Away()
    with pytest.raises(Throttled):
        world.ingest(EVENT)
    assert world.bus.published == [] and not world.runs.stored["shop:1"].announced
    world.lake = MemoryLake()
    assert world.ingest(EVENT) is not None and len(world.lake.written) == 1


def test_runs_that_arrive_out_of_order_stand_in_the_window_by_their_start() -> None:
    world = World()
    for n in (3, 1, 2):
        start = NOON + timedelta(minutes=n)
        run = a_run(f"shop:{n}", started_at=start, ended_at=start + timedelta(seconds=9))
        world.ingest(event_of(world.service.add(run).ref))
    assert [m.run_id for m in history(world)] == ["shop:3", "shop:2", "shop:1"]


def test_a_renamed_pipeline_has_a_history_of_its_own_and_the_old_one_stays() -> None:
    world, new = World(), PipelineKey(SHOP.service, "store")
    world.ingest(event_of(world.service.add(a_run("shop:1")).ref))
    world.ingest(event_of(world.service.add(a_run("store:1", ref=RunRef(new, "store:1"))).ref))
    assert [m.run_id for m in history(world)] == ["shop:1"]
    assert [m.run_id for m in history(world, new)] == ["store:1"]


def test_a_deployment_is_measured_with_its_steps_and_asks_for_no_build_metrics() -> None:
    world, key = World(), PipelineKey.parse("codedeploy:shop/prod")
    ref = RunRef(key, "d-1")
    phases = (Phase("Deployment", "Succeeded", 60.0),)
    world.service.add(a_run(ref=ref, status=RunStatus.SUCCEEDED, phases=phases, log=None))
    world.service.steps = {"d-1": {"BeforeInstall": 9.0}}
    measurement = world.measure(event_of(ref))
    assert measurement.phases == {"Deployment": 60.0, "BeforeInstall": 9.0}
    assert measurement.cpu_percent is None and measurement.missing == ()


def test_the_service_not_the_event_says_which_pipeline_a_run_is_of() -> None:
    world, renamed = World(), PipelineKey.parse("codedeploy:store/prod")
    old = RunRef(PipelineKey.parse("codedeploy:shop/prod"), "d-1")
    world.service.runs["d-1"] = a_run(ref=RunRef(renamed, "d-1"))
    assert world.measure(event_of(old)).pipeline == renamed
