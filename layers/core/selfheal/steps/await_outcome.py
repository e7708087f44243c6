"""await_outcome: remember who waits for the retried run; ingest_run says when it has ended."""

from dataclasses import dataclass

from selfheal.ports import EventBus, RunStore, Waiters
from selfheal.steps.ingest_run import RUN_ENDED


@dataclass(frozen=True, slots=True)
class AwaitRequest:
    """What AwaitOutcome is given. The task token is never logged and leaves only to the table."""

    incident_id: str
    run_id: str
    task_token: str

    def __repr__(self) -> str:
        return f"AwaitRequest(incident_id={self.incident_id!r}, run_id={self.run_id!r})"


def await_outcome(request: AwaitRequest, *, waiters: Waiters, runs: RunStore, bus: EventBus) -> bool:
    """Start waiting; True when the run had ended already and the wait is over at once."""
    waiters.add(request.run_id, request.task_token)
    stored = runs.get(request.run_id)
    status = stored.measurement.status.value if stored else waiters.end_of(request.run_id)
    if not status:
        return False
    waiters.note_end(request.run_id, status)
    bus.publish(RUN_ENDED, {"run_id": request.run_id})
    return True
