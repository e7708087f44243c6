"""IngestRun: takes events of finished runs off the intake queue, one by one; a bad one harms no other."""

from typing import Any

from selfheal.metrics import measurement_metrics
from selfheal.runtime import Runtime, each_message, entry
from selfheal.steps.ingest_run import ingest_run
from selfheal.wire import queued_event


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An SQS batch in; the ids of the messages to deliver again out."""

    def take_in(body: str) -> None:
        measurement = ingest_run(
            queued_event(body), reader=runtime.reader, reports=runtime.reports, metrics=runtime.metrics,
            lake=runtime.lake, runs=runtime.runs, waiters=runtime.waiters, resumer=runtime.resumer, bus=runtime.bus,
        )  # fmt: skip
        if measurement:
            measurement_metrics(measurement)

    return each_message(event, take_in)
