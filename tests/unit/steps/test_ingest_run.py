"""ingest_run: every finished run is measured, stored and announced once, whatever its events do."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.errors import InvalidEvent, MeasurementIncomplete, RunNotFound, SelfhealError
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import Phase, RunStatus
from selfheal.ports import StoredRun, TestCase, Utilisation
from selfheal.steps.ingest_run import ingest_run
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.memory import MemoryBus, MemoryLake, MemoryRuns, MemoryWaiters
from selfheal.testing.service import FakeService
from selfheal.wire import event_of


@dataclass
class World:
    service: FakeService = field(default_factory=FakeService)
    lake: MemoryLake = field(default_factory=MemoryLake)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    waiters: MemoryWaiters = field(default_factory=MemoryWaiters)
    bus: MemoryBus = field(default_factory=MemoryBus)

    def ingest(self, event: Any) -> Measurement | None:
        return ingest_run(
            event,
            reader=self.service,
            reports=self.service,
            metrics=self.service,
            lake=self.lake,
            runs=self.runs,
            waiters=self.waiters,
            resumer=self.waiters,
            bus=self.bus,
        )


EVENT = event_of(a_run().ref)


def test_a_finished_run_is_measured_stored_and_announced() -> None:
    world = World()
    world.service.add(a_run(report_arns=("arn:report",)))
    world.service.cases = [TestCase("t", "FAILED", "boom")]
    measurement = world.ingest(EVENT)
    assert measurement is not None
    assert measurement.duration_seconds == 60.0
    assert measurement.phases == {"INSTALL": 10.0}, "a phase cut short says nothing about normal"
    assert measurement.tests is not None and measurement.tests.failed == 1
    assert (measurement.cpu_percent, measurement.memory_percent) == (50.0, 25.0)
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
    assert world.ingest(EVENT) == stored.measurement
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

        def save(self, measurement: Measurement) -> StoredRun:
            super().save(replace(measurement, cpu_percent=99.0))
            return super().save(measurement)

    world.runs = Overtaken()
    world.ingest(EVENT)
    assert [m.cpu_percent for m in world.lake.written] == [99.0]


def test_missing_resource_metrics_are_named() -> None:
    world = World(service=FakeService(use=Utilisation(None, 25.0)))
    world.service.add(a_run())
    measurement = world.ingest(EVENT)
    assert measurement is not None and measurement.missing == ("cpu_percent",)


def test_a_clock_that_ran_backwards_gives_no_negative_duration() -> None:
    world = World()
    world.service.add(
        a_run(ended_at=NOON - timedelta(seconds=5), phases=(Phase("BUILD", "SUCCEEDED", None),))
    )
    measurement = world.ingest(EVENT)
    assert measurement is not None and measurement.duration_seconds == 0.0 and measurement.phases == {}


def test_whoever_waits_for_the_run_is_resumed_with_its_status() -> None:
    world = World()
    world.service.add(a_run(status=RunStatus.SUCCEEDED))
    world.waiters.add("shop:1", "token")
    world.ingest(EVENT)
    assert world.waiters.resumed == [("token", {"run_id": "shop:1", "status": "SUCCEEDED"})]


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ("text", "event"),
        ({}, "detail-type"),
        ({"detail-type": "Something Else", "detail": {}}, "detail-type"),
        ({"detail-type": EVENT["detail-type"]}, "detail"),
        ({"detail-type": EVENT["detail-type"], "detail": []}, "detail"),
        ({"detail-type": EVENT["detail-type"], "detail": {"build-status": "FAILED"}}, "detail.project-name"),
        (
            {**EVENT, "detail": {**EVENT["detail"], "build-id": "arn:aws:codebuild:::build/other:1"}},
            "detail.build-id",
        ),
        ({**EVENT, "detail": {**EVENT["detail"], "build-status": 7}}, "detail.build-status"),
    ],
)
def test_a_malformed_event_names_its_field(event: Any, field: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        World().ingest(event)
    assert caught.value.field == field


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["build-status", "project-name", "build-id", "pipeline", "stage", "execution-id", "state", "application",
     "deploymentGroup", "deploymentId", "pipeline-execution-attempt", "action"]
)  # fmt: skip
KINDS = st.sampled_from(
    ["CodeBuild Build State Change", "CodePipeline Stage Execution State Change",
     "CodePipeline Action Execution State Change", "CodeDeploy Deployment State-change Notification"]
)  # fmt: skip


@given(st.fixed_dictionaries({"detail-type": KINDS, "detail": st.dictionaries(FIELDS, JSON)}) | JSON)
def test_no_json_whatever_gets_past_the_parser_unhandled(event: Any) -> None:
    world = World()
    try:
        assert world.ingest(event) is None
    except SelfhealError as error:
        assert str(error)
    assert world.bus.published == []


def test_a_detail_of_256_kb_is_read_by_its_name_alone() -> None:
    world = World()
    world.service.add(a_run())
    event = {**EVENT, "detail": {**EVENT["detail"], "additional-information": {"noise": "x" * 256 * 1024}}}
    assert world.ingest(event) is not None
