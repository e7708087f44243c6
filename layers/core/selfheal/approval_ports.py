"""What asking for approval and acting on it trust, as Protocols."""

from dataclasses import dataclass, field
from typing import Protocol

from selfheal.domain.approval import Approval
from selfheal.domain.decision import Decision
from selfheal.domain.incident import Incident


class Decisions(Protocol):
    """What was decided, kept where only decide_action may write: what is carried out is held to it, not to the ledger,
    which every step writes."""

    def keep(self, incident: Incident, decision: Decision) -> Decision:
        """Store the decision unless the incident has one; gives back the one that is stored then."""

    def of(self, incident: Incident) -> Decision | None:
        """The decision on that very incident, read consistently; None while there is none. Raises LedgerBroken when
        the incident is not what it was when it was decided on."""


class ApprovalStore(Protocol):
    """The approvals: at most one an incident, answered at most once."""

    def ask(self, approval: Approval) -> Approval:
        """Store the question unless the incident has one; gives back the one that is stored then."""

    def get(self, incident_id: str) -> Approval | None:
        """The incident's approval, read consistently; None when nobody was asked. Raises LedgerBroken when it says that
        a person answered and no person's answer is stored."""

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
