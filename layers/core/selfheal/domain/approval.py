"""Approval: the question whether one planned action may be carried out, and the answer a person gave. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from selfheal.domain.action import Plan
from selfheal.domain.run import PipelineKey


class ApprovalStatus(StrEnum):
    """How the question stands. ``refused``: it was never put, because preflight forbids the action anyway."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking. ``by`` is the ARN of the IAM identity that answered, empty when nobody did."""

    status: ApprovalStatus
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """One incident's question. ``digest`` is that of ``plan`` under ``policy_version``: what exactly is approved.

    ``protected`` pipelines want somebody else than ``started_by`` (the run's initiator) and than the commit's
    ``authors`` (names, addresses and logins of one or more people, as its source tells them; none where it does not)
    to approve. ``by`` and ``answered_at`` are those of the answer.
    """

    incident_id: str
    pipeline: PipelineKey
    run_id: str
    plan: Plan
    policy_version: str
    digest: str
    requested_at: datetime
    expires_at: datetime
    started_by: str = ""
    authors: tuple[str, ...] = ()
    protected: bool = False
    status: ApprovalStatus = ApprovalStatus.PENDING
    by: str = ""
    reason: str = ""
    answered_at: datetime | None = None

    @property
    def answer(self) -> Answer:
        """What came of asking so far."""
        return Answer(self.status, self.by, self.reason)

    @property
    def altered(self) -> bool:
        """Whether the plan that is shown is not the one that the digest is of: then nobody must answer it."""
        return self.plan.digest(self.policy_version) != self.digest

    def open_at(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.status is ApprovalStatus.PENDING and now < self.expires_at

    def objection(self, plan: Plan, policy_version: str, now: datetime) -> str:
        """Why this approval does not carry that plan at that moment, in plain words; empty when it does."""
        if self.status is not ApprovalStatus.APPROVED:
            return f"the approval is {self.status}"
        if now >= self.expires_at:
            return f"the approval expired at {self.expires_at:%Y-%m-%d %H:%M:%S} UTC, before this was carried out"
        if plan.digest(policy_version) != self.digest:
            return "what would be done now is not what was approved"
        return ""

    def objection_to(self, approver: str, approvers: Sequence[str]) -> str:
        """Why that identity (an ARN) must not approve this; empty when it may.

        ``approvers`` are shell globs over whole ARNs; none means everybody whom IAM lets ask.
        """
        if approvers and not any(fnmatchcase(approver, pattern) for pattern in approvers):
            return f"{approver} is not one of this stack's approvers"
        if not self.protected:
            return ""
        if same_person(approver, self.started_by):
            return f"{self.pipeline} is protected and {self.started_by} started the run: somebody else must approve"
        if author := next((each for each in self.authors if same_person(approver, each)), ""):
            return f"{self.pipeline} is protected and {author} wrote the commit: somebody else must approve"
        return ""


def same_person(arn: str, other: str) -> bool:
    """Whether an identity's ARN and a run's initiator or a commit's author can be the same person.

    CodeBuild names a user ``alice`` and a role's session ``role/alice``; CodePipeline gives the whole ARN. Sessions
    of one name under two roles count as one person, as do ``alice``, ``alice@example.com``,
    ``alice+ci@example.com`` and ``12345+alice@users.noreply.example.com``: in doubt somebody else is asked. No more
    than one person is read out of an address, so that it cannot keep everybody from approving.
    """
    return bool(_names(arn) & _names(other))


def _names(identity: str) -> set[str]:
    resource = identity.rpartition(":")[2] if identity.startswith("arn:") else identity
    whole = resource.rpartition("/")[2].casefold()
    mailbox = whole.rpartition("@")[0]
    first, _, rest = mailbox.partition("+")
    person = rest.partition("+")[0] if first.isdecimal() else first
    return {whole, mailbox, person} - {""}
