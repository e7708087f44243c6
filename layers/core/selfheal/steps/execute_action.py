"""execute_action: carry out the one action that was decided, exactly once."""

import hashlib
from dataclasses import dataclass, replace

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.decision import Verdict
from selfheal.domain.errors import ActionRefused, RequestRejected
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Budget, Mode
from selfheal.domain.run import Run
from selfheal.ports import ActionStore, Builds, Clock, IncidentStore, Ledger, RunReader
from selfheal.remedies.registry import RemedyModule, remedy_module
from selfheal.steps.decide_action import decision_on
from selfheal.wire import encode

FINAL = (ActionStatus.STARTED, ActionStatus.DONE, ActionStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class ExecuteRequest:
    """What ExecuteAction is given: ids only. No text of a log, a person or a model comes this far."""

    incident_id: str
    run_id: str
    remedy: str
    policy_version: str


@dataclass(frozen=True, slots=True)
class Executor:
    """Carries out actions. ``ceiling`` and ``budget`` are the policy's; ``actor`` is our name as an initiator."""

    incidents: IncidentStore
    reader: RunReader
    builds: Builds
    actions: ActionStore
    ledger: Ledger
    clock: Clock
    ceiling: Mode
    budget: Budget
    actor: str

    def execute(self, request: ExecuteRequest) -> Action:
        """Carry out one action; asked again, it gives the same action back and touches nothing twice.

        The intent is written before the call, so a crash leaves either no intent (nothing was called), or
        an intent without a run: then the run it may have started is looked for before anything is started.
        Raises InvalidEvent for a remedy outside the catalogue.
        """
        incident = self.incidents.get(request.incident_id)
        remedy = remedy_module(request.remedy)
        existing = self.actions.of_incident(incident.id)
        if existing and existing.status in FINAL:
            return existing
        try:
            run = self.reader.read(incident.run)
            action = existing or self._intend(request, incident, run, remedy)
            return self._start(incident, run, remedy, action, resumed=existing is not None)
        except (ActionRefused, RequestRejected) as refusal:
            return self._refuse(incident, request.remedy, existing, str(refusal))

    def _intend(self, request: ExecuteRequest, incident: Incident, run: Run, remedy: RemedyModule) -> Action:
        self._check_decision(request, incident)
        if reason := remedy.preflight(run, self.builds):
            raise ActionRefused(reason)
        intent = Action(incident.id, request.remedy, ActionStatus.INTENDED, self.clock.now())
        action = self.actions.intend(intent, incident.lineage, self.budget)
        self._record(action, LedgerKind.ACTION_INTENDED)
        return action

    def _check_decision(self, request: ExecuteRequest, incident: Incident) -> None:
        """What is asked must be what the ledger says was decided, and the stack must still be set to act."""
        if self.ceiling is not Mode.ACT:
            raise ActionRefused(f"the stack is set to {self.ceiling}")
        decided = decision_on(incident.id, self.ledger)
        asked = (request.run_id, request.remedy, request.policy_version, Verdict.ACT)
        if decided is None or asked != (
            incident.run.run_id,
            decided.remedy,
            decided.policy_version,
            decided.verdict,
        ):
            raise ActionRefused("this is not the action that was decided for this incident")

    def _start(
        self, incident: Incident, run: Run, remedy: RemedyModule, action: Action, *, resumed: bool
    ) -> Action:
        new_run_id = self._find_lost(incident, action) if resumed else ""
        if not new_run_id:
            new_run_id = remedy.start(run, self.builds, token_of(incident))
        status = ActionStatus.STARTED if new_run_id else ActionStatus.DONE
        finished = replace(action, status=status, new_run_id=new_run_id)
        self.actions.finish(finished)
        self._record(finished, LedgerKind.ACTION_STARTED)
        return finished

    def _find_lost(self, incident: Incident, action: Action) -> str:
        """The run that an attempt which died before it could note it has started; empty when there is none.

        CodeBuild remembers an idempotency token for five minutes only, so after that the token protects nobody.
        """
        for run in self.builds.started_since(incident.run.key.name, action.intended_at):
            ours = run.initiator.endswith(f"/{self.actor}")
            # A build that has not fetched its source yet has no commit; ours since the intent is ours.
            same = run.source_version in (incident.lineage.source_version, "")
            if ours and same and not self.actions.incident_of_run(run.ref.run_id):
                return run.ref.run_id
        return ""

    def _refuse(self, incident: Incident, remedy: str, existing: Action | None, reason: str) -> Action:
        current = existing or self.actions.of_incident(incident.id)
        if current and current.status in FINAL:
            return current
        refused = Action(incident.id, remedy, ActionStatus.REFUSED, self.clock.now(), reason=reason)
        if current:
            self.actions.finish(replace(current, status=ActionStatus.REFUSED, reason=reason))
        self._record(refused, LedgerKind.ACTION_REFUSED)
        return refused

    def _record(self, action: Action, kind: LedgerKind) -> None:
        self.ledger.append(LedgerEntry(action.incident_id, kind, self.clock.now(), encode(action)))


def token_of(incident: Incident) -> str:
    """The idempotency token of an incident's action (64 hex digits, CodeBuild's limit)."""
    return hashlib.sha256(f"action:{incident.id}".encode()).hexdigest()
