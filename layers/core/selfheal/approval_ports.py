"""What asking for approval needs from the outside world, as Protocols."""

from dataclasses import dataclass, field
from typing import Protocol

from selfheal.domain.approval import Approval


class ApprovalStore(Protocol):
    """The approvals: at most one an incident, answered at most once."""

    def ask(self, approval: Approval) -> Approval:
        """Store the question unless the incident has one; gives back the one that is stored then."""

    def get(self, incident_id: str) -> Approval | None:
        """The incident's approval, read consistently; None when nobody was asked."""

    def answer(self, approval: Approval) -> Approval:
        """Store an answered approval in the place of the pending one. Of many at once one wins; gives back the one
        that is stored then. Raises Throttled when that cannot be told."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A request for sts:GetCallerIdentity, signed by whoever wants to be known, that nobody has sent yet.

    ``query`` is the query of its presigned URL. It proves one statement for a minute; it is not logged all the same.
    """

    query: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """An IAM identity as STS names it."""

    arn: str
    account: str


class Identities(Protocol):
    """Finds out who somebody is."""

    def prove(self, proof: Proof, statement: str) -> Identity:
        """Whoever signed the proof, which must be for that very statement. Raises IdentityUnproven."""
