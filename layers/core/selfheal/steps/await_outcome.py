"""await_outcome: remember who waits for the retried run; ingest_run wakes him when it ends."""

from dataclasses import dataclass

from selfheal.ports import Resumer, RunStore, Waiters


@dataclass(frozen=True, slots=True)
class AwaitRequest:
    """What AwaitOutcome is given. The task token is never logged and leaves only to Step Functions."""

    incident_id: str
    run_id: str
    task_token: str

    def __repr__(self) -> str:
        return f"AwaitRequest(incident_id={self.incident_id!r}, run_id={self.run_id!r})"


def await_outcome(request: AwaitRequest, *, waiters: Waiters, runs: RunStore, resumer: Resumer) -> bool:
    """Start waiting; True when the run had ended already and the state was resumed at once."""
    waiters.add(request.run_id, request.task_token)
    stored = runs.get(request.run_id)
    if stored is None:
        return False
    status = stored.measurement.status.value
    return resumer.resume(request.task_token, {"run_id": request.run_id, "status": status})
