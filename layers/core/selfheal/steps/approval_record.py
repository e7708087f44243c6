"""What becomes of an approval, written down: by whoever is there to notice it."""

from dataclasses import replace
from datetime import datetime

from selfheal.approval_ports import ApprovalStore
from selfheal.domain.approval import Approval, ApprovalStatus
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.ports import Ledger
from selfheal.wire import encode

APPROVAL_ANSWERED = "Approval Answered"

_KINDS = {
    ApprovalStatus.APPROVED: LedgerKind.APPROVED,
    ApprovalStatus.REJECTED: LedgerKind.REJECTED,
    ApprovalStatus.EXPIRED: LedgerKind.APPROVAL_EXPIRED,
}


def expire(approval: Approval, approvals: ApprovalStore, ledger: Ledger, now: datetime) -> Approval:
    """Close an approval that nobody answered in time; gives what stands then: somebody may have been quicker."""
    reason = f"nobody answered until {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    expired = replace(approval, status=ApprovalStatus.EXPIRED, reason=reason, answered_at=now)
    stands = approvals.answer(expired)
    record_answer(stands, ledger, now)
    return stands


def record_answer(approval: Approval, ledger: Ledger, now: datetime) -> None:
    """The ledger's entry of an answer, also when an earlier attempt died before writing it."""
    if kind := _KINDS.get(approval.status):
        data = plan_entry(approval) | encode(approval.answer)
        ledger.append(LedgerEntry(approval.incident_id, kind, approval.answered_at or now, data))


def plan_entry(approval: Approval) -> dict[str, object]:
    """What the ledger says of the plan that was asked about or answered."""
    return {
        "remedy": approval.plan.remedy,
        "plan": encode(approval.plan),
        "digest": approval.digest,
        "policy_version": approval.policy_version,
    }
