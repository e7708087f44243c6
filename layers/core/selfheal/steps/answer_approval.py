"""answer_approval: a person approves or rejects; who that is, STS says."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from selfheal.approval_ports import ApprovalStore, Identities, Proof
from selfheal.diagnose.redact import Redactor
from selfheal.domain.approval import Answer, Approval, ApprovalStatus
from selfheal.domain.errors import ApprovalRefused
from selfheal.ports import Clock, EventBus, Ledger
from selfheal.steps.approval_record import APPROVAL_ANSWERED, expire, record_answer
from selfheal.wire import encode

LONGEST_REASON = 500


class Reply(StrEnum):
    """What a person says."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person says about one approval. ``digest`` is that of the plan that he was shown."""

    incident_id: str
    digest: str
    reply: Reply
    reason: str = ""

    def to(self, audience: str) -> str:
        """What is signed: a SHA-256 (hex) of this statement to that very stack (its table's name)."""
        return hashlib.sha256(json.dumps([audience, encode(self)], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with the proof of whose it is. No field says who somebody is: only the proof does."""

    statement: Statement
    proof: Proof


@dataclass(frozen=True, slots=True)
class Answerer:
    """Takes answers. ``account`` is the stack's own; ``approvers`` are globs over ARNs, none for no narrowing."""

    approvals: ApprovalStore
    ledger: Ledger
    identities: Identities
    bus: EventBus
    clock: Clock
    audience: str
    account: str
    approvers: Sequence[str]

    def answer(self, signed: SignedStatement) -> Answer:
        """Answer an approval once; gives the answer that stands, which may be somebody else's or that it expired.

        Saying the same again goes on where a first attempt died. Raises ApprovalRefused, IdentityUnproven.
        """
        said = signed.statement
        identity = self.identities.prove(signed.proof, said.to(self.audience))
        if identity.account != self.account:
            raise ApprovalRefused(f"{identity.arn} is of another account")
        approval = self.approvals.get(said.incident_id)
        if approval is None:
            raise ApprovalRefused(
                f"incident_id: nobody was asked to approve anything for {said.incident_id!r}"
            )
        if approval.altered:
            raise ApprovalRefused("digest: what is shown was altered since it was asked")
        if not hmac.compare_digest(approval.digest.encode(), said.digest.encode()):
            raise ApprovalRefused("digest: this is not what is to be approved; look at it anew")
        stands = self._answered(approval, said, identity.arn)
        record_answer(stands, self.ledger, self.clock.now())
        self.bus.publish(APPROVAL_ANSWERED, {"incident_id": approval.incident_id})
        return stands.answer

    def _answered(self, approval: Approval, said: Statement, by: str) -> Approval:
        """Whoever is first is heard; nobody is heard once it has expired."""
        now = self.clock.now()
        if approval.status is not ApprovalStatus.PENDING:
            return approval
        if not approval.open_at(now):
            return expire(approval, self.approvals, self.ledger, now)
        if reason := approval.objection_to(by, self.approvers):
            raise ApprovalRefused(reason)
        if said.reply is Reply.REJECT and not said.reason.strip():
            raise ApprovalRefused("reason: say why it is rejected")
        status = ApprovalStatus.APPROVED if said.reply is Reply.APPROVE else ApprovalStatus.REJECTED
        reason = Redactor(()).redact(" ".join(said.reason.split())[:LONGEST_REASON])
        return self.approvals.answer(replace(approval, status=status, by=by, reason=reason, answered_at=now))
