"""reconcile_runs: a run whose event was lost is found and queued; others are left alone."""

from datetime import timedelta

import pytest

from selfheal.domain.run import PipelineKey, RunRef, RunStatus, Service
from selfheal.steps.reconcile_runs import look_back, reconcile_runs
from selfheal.testing.builders import a_measurement, a_run
from selfheal.testing.memory import MemoryQueue, MemoryRuns
from selfheal.testing.service import FakeService, FixedClock
from selfheal.wire import event_of, run_ref


def test_only_runs_that_are_over_recent_and_unknown_are_queued() -> None:
    service, runs, queue, clock = FakeService(), MemoryRuns(), MemoryQueue(), FixedClock()
    service.add(a_run("shop:lost"))
    service.add(a_run("shop:known"))
    service.add(a_run("shop:running", RunStatus.IN_PROGRESS, ended_at=None))
    runs.save(a_measurement("shop:known"))
    clock.advance(600)
    back = timedelta(minutes=30)
    found = reconcile_runs(finished=service, runs=runs, queue=queue, clock=clock, look_back=back)
    assert [ref.run_id for ref in found] == ["shop:lost"]
    assert [run_ref(event) for event in queue.events] == found
    clock.advance(3000)
    assert reconcile_runs(finished=service, runs=runs, queue=queue, clock=clock, look_back=back) == []


@pytest.mark.parametrize(
    "ref",
    [
        RunRef(PipelineKey(Service.CODEBUILD, "shop"), "shop:1"),
        RunRef(PipelineKey(Service.CODEPIPELINE, "shop/Deploy"), "shop/Deploy/0f3e/2"),
        RunRef(PipelineKey(Service.CODEDEPLOY, "shop/prod"), "d-1"),
    ],
)
def test_a_queued_event_names_the_same_run_again(ref: RunRef) -> None:
    assert run_ref(event_of(ref)) == ref


@pytest.mark.parametrize(
    ("minutes_after_the_end", "settled", "asked"), [(5, False, 0), (15, False, 1), (15, True, 0)]
)
def test_a_run_that_lacks_metrics_is_queued_once_they_may_have_come(
    minutes_after_the_end: int, settled: bool, asked: int
) -> None:
    service, runs, queue, clock = FakeService(), MemoryRuns(), MemoryQueue(), FixedClock()
    service.add(a_run("shop:1"))
    runs.save(a_measurement("shop:1", missing=("cpu_percent",)), announced=True, settled=settled)
    clock.advance(60 + 60 * minutes_after_the_end)
    reconcile_runs(
        finished=service, runs=runs, queue=queue, clock=clock, look_back=look_back(timedelta(minutes=15))
    )
    assert len(queue.events) == asked


@pytest.mark.parametrize(("every", "back"), [(5, 60), (15, 60), (1440, 5760)])
def test_the_look_back_outlasts_a_missed_schedule_and_the_wait_for_metrics(every: int, back: int) -> None:
    assert look_back(timedelta(minutes=every)) == timedelta(minutes=back)
