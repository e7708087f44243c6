"""IngestRun: takes events of finished runs off the intake queue; a bad one harms no other."""

from typing import Any

from selfheal.metrics import intake_metrics
from selfheal.runtime import Runtime, each_message, entry
from selfheal.steps.ingest_run import RunIntake, Taken
from selfheal.wire import queued_event


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An SQS batch in; the ids of the messages to deliver again out."""
    intake = RunIntake(
        reader=runtime.reader, gauges=runtime.gauges, lake=runtime.lake,
        quarantine=runtime.quarantine, runs=runtime.runs, waiters=runtime.waiters, bus=runtime.bus,
        clock=runtime.clock,
    )  # fmt: skip

    def finish(taken: Taken) -> None:
        intake.finish(taken)
        intake_metrics(taken, runtime.pipeline_metrics)

    return each_message(event, lambda body: intake.take_in(queued_event(body)), intake.record, finish)
