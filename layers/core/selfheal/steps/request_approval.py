"""request_approval: ask a person whether exactly this may be done, and remember who waits for the answer."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from selfheal.approval_ports import ApprovalStore, Decisions
from selfheal.domain.action import Plan
from selfheal.domain.approval import Approval, ApprovalStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.errors import ActionRefused, InvalidEvent
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Policy
from selfheal.domain.run import Run
from selfheal.ports import Clock, EventBus, IncidentStore, Ledger, Notifier, RunReader, Waiters
from selfheal.remedies.registry import remedy_module
from selfheal.remedy_ports import Case, Tools
from selfheal.steps.approval_record import APPROVAL_ANSWERED, expire, plan_entry
from selfheal.steps.behind import behind
from selfheal.steps.past_harm import harmed
from selfheal.steps.permission import touched
from selfheal.steps.question import question
from selfheal.steps.state import approval_of

# The last twentieth of the state's time is left for an answer to come back: an approval is never too late by seconds.
OPEN_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What RequestApproval is given: ids, and a task token that is never logged and leaves only to the table."""

    incident_id: str
    run_id: str
    remedy: str
    policy_version: str
    task_token: str

    def __repr__(self) -> str:
        return f"ApprovalRequest(incident_id={self.incident_id!r}, remedy={self.remedy!r})"


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for approval. Its ``tools`` may read and nothing else; ``wait`` is how long the execution waits, ``actor``
    the name under which execute_action will act."""

    incidents: IncidentStore
    decisions: Decisions
    reader: RunReader
    tools: Tools
    approvals: ApprovalStore
    waiters: Waiters
    ledger: Ledger
    notifier: Notifier
    bus: EventBus
    clock: Clock
    policy: Policy
    wait: timedelta
    stack: str
    actor: str

    def request(self, request: ApprovalRequest) -> Approval:
        """Ask once an incident; asked again, nobody is told anew and the one question stands.

        An answer that is there already, or that nobody can give any more, ends the wait at once.
        """
        incident = self.incidents.get(request.incident_id)
        decision = self._check_decided(request, incident)
        approval = self.approvals.get(incident.id)
        approval = approval or self.approvals.ask(self._question(request, decision, incident))
        self.waiters.add(approval_of(incident.id), request.task_token)
        if approval.open_at(self.clock.now()):
            self._tell(approval)
        return self._settle(incident.id, approval)

    def _check_decided(self, request: ApprovalRequest, incident: Incident) -> Decision:
        decided = self.decisions.of(incident)
        asked = (request.run_id, request.remedy, request.policy_version, Verdict.ASK)
        if decided is None or asked != (
            incident.run.run_id,
            decided.remedy,
            decided.policy_version,
            decided.verdict,
        ):
            raise InvalidEvent("remedy", "this is not what people were to be asked about this incident")
        return decided

    def _question(self, request: ApprovalRequest, decision: Decision, incident: Incident) -> Approval:
        now = self.clock.now()
        run = self.reader.read(incident.run)
        who = behind(run, self.tools)
        try:
            plan, refused = self._plan(request, decision, run), ""
        except ActionRefused as refusal:
            plan, refused = Plan(request.remedy, run.ref.run_id, run.source_version), str(refusal)
        return Approval(
            incident_id=incident.id,
            pipeline=incident.run.key,
            run_id=run.ref.run_id,
            plan=plan,
            policy_version=request.policy_version,
            digest=plan.digest(request.policy_version),
            requested_at=now,
            expires_at=now + OPEN_SHARE * self.wait,
            started_by=who.started_by,
            authors=who.authors,
            protected=any(map(self.policy.protected, touched(incident.run.key, plan))),
            status=ApprovalStatus.REFUSED if refused else ApprovalStatus.PENDING,
            reason=refused,
        )

    def _plan(self, request: ApprovalRequest, decision: Decision, run: Run) -> Plan:
        """Nobody is asked about what could not be done anyway. Raises ActionRefused."""
        if request.policy_version != self.policy.version:
            raise ActionRefused("the policy has changed since this was decided")
        remedy = remedy_module(request.remedy)
        past = partial(harmed, incidents=self.incidents, ledger=self.ledger)
        case = Case(request.incident_id, self.actor, decision.runbook, decision.cause, harmed=past)
        tools = replace(self.tools, case=case)
        if reason := remedy.preflight(run, tools):
            raise ActionRefused(reason)
        return remedy.plan(run, tools)

    def _tell(self, approval: Approval) -> None:
        """Told first, recorded second: a death in between tells people twice and never not at all."""
        if self.ledger.entry(approval.incident_id, LedgerKind.APPROVAL_REQUESTED):
            return
        self.notifier.send(*question(approval, self.ledger, self.stack))
        data = plan_entry(approval) | {"expires_at": approval.expires_at.isoformat()}
        kind = LedgerKind.APPROVAL_REQUESTED
        self.ledger.append(LedgerEntry(approval.incident_id, kind, self.clock.now(), data))

    def _settle(self, incident_id: str, asked: Approval) -> Approval:
        """Waiting first, looking second: answer_approval does it the other way round, so one of them sees both."""
        approval = self.approvals.get(incident_id) or asked
        if approval.status is ApprovalStatus.PENDING and not approval.open_at(self.clock.now()):
            approval = expire(approval, self.approvals, self.ledger, self.clock.now())
        if approval.status is not ApprovalStatus.PENDING:
            self.bus.publish(APPROVAL_ANSWERED, {"incident_id": incident_id})
        return approval
