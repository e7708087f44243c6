"""resume_healing: a wait is over; hand the waiting executions what they waited for.

The one function that may send results of tasks. What it sends it reads from the table; the event only says where.
"""

from dataclasses import dataclass

from selfheal.approval_ports import ApprovalStore
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.errors import InvalidEvent
from selfheal.ports import Resumer, Waiters
from selfheal.steps.state import approval_of
from selfheal.wire import encode


@dataclass(frozen=True, slots=True)
class WaitOver:
    """The detail of "Run Ended" (``run_id``) or of "Approval Answered" (``incident_id``)."""

    run_id: str = ""
    incident_id: str = ""


def resume_healing(over: WaitOver, *, waiters: Waiters, approvals: ApprovalStore, resumer: Resumer) -> int:
    """Resume everybody who waits for it; gives how many still did. Raises InvalidEvent when it is not over."""
    if over.run_id:
        awaited, output = over.run_id, _end(over.run_id, waiters)
    else:
        awaited, output = approval_of(over.incident_id), _answer(over.incident_id, approvals)
    return sum(resumer.resume(token, output) for token in waiters.of(awaited))


def _end(run_id: str, waiters: Waiters) -> dict[str, object]:
    status = waiters.end_of(run_id)
    if not status:
        raise InvalidEvent("run_id", f"nobody has noted an end of {run_id!r}")
    return {"run_id": run_id, "status": status}


def _answer(incident_id: str, approvals: ApprovalStore) -> dict[str, object]:
    approval = approvals.get(incident_id)
    if approval is None or approval.status is ApprovalStatus.PENDING:
        raise InvalidEvent("incident_id", f"nobody has answered an approval of {incident_id!r}")
    return encode(approval.answer)
