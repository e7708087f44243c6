"""ReconcileRuns: finds finished runs whose event never came, and queues them for IngestRun."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.reconcile_runs import reconcile_runs


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """Anything in (the schedule's payload does not matter); the ids of the queued runs out."""
    del event
    found = reconcile_runs(
        finished=runtime.finished, runs=runtime.runs, queue=runtime.queue, clock=runtime.clock,
        look_back=runtime.look_back,
    )  # fmt: skip
    return {"queued": [ref.run_id for ref in found]}
