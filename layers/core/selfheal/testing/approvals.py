"""Approvals in memory, and somebody who knows everybody."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from selfheal.approval_ports import Identity, Proof
from selfheal.domain.action import Plan
from selfheal.domain.approval import Approval, ApprovalStatus
from selfheal.domain.decision import Decision
from selfheal.domain.errors import IdentityUnproven, LedgerBroken
from selfheal.domain.incident import Incident
from selfheal.testing.builders import COMMIT, NOON, SHOP, an_incident

ACCOUNT = "111122223333"
ALICE = f"arn:aws:sts::{ACCOUNT}:assumed-role/release/alice"


def an_approval(**changes: object) -> Approval:
    """The question, open for an hour since noon, whether the failed build of ``shop`` may be retried."""
    plan = Plan("retry_build", "shop:1", COMMIT)
    approval = Approval(
        incident_id=an_incident().id,
        pipeline=SHOP,
        run_id="shop:1",
        plan=plan,
        policy_version="v1",
        digest=plan.digest("v1"),
        requested_at=NOON,
        expires_at=NOON + timedelta(hours=1),
        started_by="developer",
    )
    return replace(approval, **changes)  # type: ignore[arg-type]


@dataclass
class MemoryDecisions:
    """Decisions."""

    stored: dict[str, tuple[Incident, Decision]] = field(default_factory=dict)

    def keep(self, incident: Incident, decision: Decision) -> Decision:
        """Decisions."""
        self.stored.setdefault(incident.id, (replace(incident, status=""), decision))
        return self.of(incident) or decision

    def of(self, incident: Incident) -> Decision | None:
        """Decisions."""
        if incident.id not in self.stored:
            return None
        decided_on, decision = self.stored[incident.id]
        if decided_on != replace(incident, status=""):
            raise LedgerBroken(f"incident {incident.id}: it was another one when it was decided on")
        return decision


@dataclass
class MemoryApprovals:
    """ApprovalStore."""

    stored: dict[str, Approval] = field(default_factory=dict)

    def ask(self, approval: Approval) -> Approval:
        """ApprovalStore."""
        return self.stored.setdefault(approval.incident_id, approval)

    def get(self, incident_id: str) -> Approval | None:
        """ApprovalStore."""
        return self.stored.get(incident_id)

    def answer(self, approval: Approval) -> Approval:
        """ApprovalStore."""
        if self.stored[approval.incident_id].status is ApprovalStatus.PENDING:
            self.stored[approval.incident_id] = approval
        return self.stored[approval.incident_id]


@dataclass
class FakeIdentities:
    """Identities: a proof is ``<arn> says <statement>``."""

    def prove(self, proof: Proof, statement: str) -> Identity:
        """Identities."""
        arn, _, said = proof.query.partition(" says ")
        if said != statement:
            raise IdentityUnproven("the proof is for something else")
        return Identity(arn, arn.split(":")[4])


def proof_of(arn: str, statement: str) -> Proof:
    """What FakeIdentities believes."""
    return Proof(f"{arn} says {statement}")
