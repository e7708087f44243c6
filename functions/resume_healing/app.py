"""ResumeHealing: a wait is over; resumes the executions. The only function that may send results of tasks."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.resume_healing import WaitOver, resume_healing
from selfheal.wire import decode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """A "Run Ended" or "Approval Answered" event in; how many executions still waited out."""
    over = decode(WaitOver, event.get("detail"))
    resumed = resume_healing(
        over, waiters=runtime.waiters, approvals=runtime.approvals, resumer=runtime.resumer
    )
    return {"resumed": resumed}
