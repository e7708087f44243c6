"""IngestRun: takes events of finished runs off the intake queue, one by one; a bad one harms no other."""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from selfheal.metrics import measurement_metrics
from selfheal.runtime import Runtime, entry
from selfheal.steps.ingest_run import ingest_run


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An SQS batch in; the ids of the messages to deliver again out."""

    def take_in(record: dict[str, Any]) -> None:
        measurement = ingest_run(
            json.loads(record["body"]), reader=runtime.reader, reports=runtime.reports, metrics=runtime.metrics,
            lake=runtime.lake, runs=runtime.runs, waiters=runtime.waiters, resumer=runtime.resumer, bus=runtime.bus,
        )  # fmt: skip
        if measurement:
            measurement_metrics(measurement)

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, take_in, processor, runtime.context)
