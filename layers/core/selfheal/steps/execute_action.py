"""execute_action: carry out the one action that was decided, exactly once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from selfheal.approval_ports import Decisions
from selfheal.domain.action import Action, ActionStatus, Plan
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.errors import ActionRefused, InvalidEvent, RequestRejected, Throttled
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.remedy import Risk
from selfheal.domain.run import Run
from selfheal.ports import ActionStore, Clock, IncidentStore, Ledger, RunReader
from selfheal.remedies.registry import RemedyModule, remedy_module
from selfheal.remedy_ports import Case, Tools
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.behind import Behind, behind
from selfheal.steps.estimate import Estimator
from selfheal.steps.past_harm import harmed
from selfheal.steps.permission import Permission
from selfheal.steps.undo import TAKEN_BACK, undone
from selfheal.steps.verify import worse
from selfheal.wire import encode

FINAL = (ActionStatus.STARTED, ActionStatus.DONE, ActionStatus.REFUSED)

# The intent carries our clock's time and a build its service's.
CLOCKS_APART = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ExecuteRequest:
    """What ExecuteAction is given: ids only. No text of a log, a person or a model comes this far. ``undo`` asks to
    take back what was done, because it made things worse."""

    incident_id: str
    run_id: str
    remedy: str
    policy_version: str
    undo: bool = False


@dataclass(frozen=True, slots=True)
class Executor:
    """Carries out actions. ``actor`` is our name as an initiator."""

    incidents: IncidentStore
    decisions: Decisions
    reader: RunReader
    tools: Tools
    actions: ActionStore
    ledger: Ledger
    clock: Clock
    permission: Permission
    estimator: Estimator
    alarm_check: AlarmCheck
    actor: str

    def execute(self, request: ExecuteRequest) -> Action:
        """Carry out one action; asked again, it gives the same action back and touches nothing twice.

        The intent is written before the call, so a crash leaves either no intent (nothing was called), or an
        intent without a run: then the run it may have started is looked for before anything is started.
        Raises InvalidEvent for what was not decided, Throttled while another execution is at it.
        """
        incident = self.incidents.get(request.incident_id)
        remedy = remedy_module(request.remedy)
        decision = self._check_decided(request, incident)
        if remedy.REMEDY.risk is Risk.NONE:
            return self._done(incident, request.remedy)
        action, resumed = self.actions.of_incident(incident.id), True
        if request.undo:
            return self._undo(decision, incident, action)
        try:
            if action is None:
                action, resumed = self._intend(decision, incident, remedy)
            return self._settle(decision, incident, remedy, action, resumed=resumed)
        except (ActionRefused, RequestRejected) as refusal:
            return self._refuse(incident, request.remedy, str(refusal), owned=action is not None)

    def _check_decided(self, request: ExecuteRequest, incident: Incident) -> Decision:
        """What is asked must be what was decided; anything else is a fault or an attack."""
        decided = self.decisions.of(incident)
        asked = (request.run_id, request.remedy, request.policy_version)
        if (
            decided is None
            or asked != (incident.run.run_id, decided.remedy, decided.policy_version)
            or decided.verdict not in (Verdict.ACT, Verdict.ASK)
        ):
            raise InvalidEvent("remedy", "this is not the action that was decided for this incident")
        return decided

    def _done(self, incident: Incident, remedy: str) -> Action:
        """A remedy that touches nothing needs no permission, no budget and no intent."""
        done = Action(incident.id, remedy, ActionStatus.DONE, self.clock.now())
        self._record(done, LedgerKind.ACTION_STARTED)
        return done

    def _intend(self, decision: Decision, incident: Incident, remedy: RemedyModule) -> tuple[Action, bool]:
        """Write the intent. Gives the one that stands, and whether that is another execution's."""
        run, tools = self.reader.read(incident.run), self._tools(incident, decision)
        if reason := remedy.preflight(run, tools):
            raise ActionRefused(reason)
        plan = remedy.plan(run, tools)
        self._check(incident, decision, plan, partial(behind, run, tools))
        intent = Action(incident.id, decision.remedy, ActionStatus.INTENDED, self.clock.now())
        cost = self.estimator.planned(incident, remedy.REMEDY, run, plan)
        stands = self.actions.intend(intent, incident.lineage, self.permission.limits(cost))
        return stands, stands is not intent

    def _check(self, incident: Incident, decision: Decision, plan: Plan, who: Callable[[], Behind]) -> None:
        """Raises ActionRefused when the reason for acting is gone, or the permission."""
        if reason := self.alarm_check.over(incident):
            raise ActionRefused(reason)
        self.permission.check(incident, decision, plan, who)

    def _settle(
        self, decision: Decision, incident: Incident, remedy: RemedyModule, action: Action, *, resumed: bool
    ) -> Action:
        """Bring an action to its end, wherever an earlier attempt left it."""
        if action.status in FINAL:
            self._record_intent(decision, action, None)
            return self._recorded(action)
        run, tools = self.reader.read(incident.run), self._tools(incident, decision)
        new_run_id = self._taken_up(remedy, run, tools, action) if resumed else ""
        plan = None if new_run_id else remedy.plan(run, tools)
        self._record_intent(decision, action, plan)
        if plan:
            self._check(incident, decision, plan, partial(behind, run, tools))
            new_run_id = self._start(remedy, plan, run, tools, action)
        status = ActionStatus.STARTED if remedy.REMEDY.awaits else ActionStatus.DONE
        ended = replace(action, status=status, new_run_id=new_run_id)
        self.actions.finish(ended)
        return self._recorded(ended)

    def _taken_up(self, remedy: RemedyModule, run: Run, tools: Tools, action: Action) -> str:
        """What another attempt has started for this intent. Raises ActionRefused when there is nothing and it must not
        be started any more: the intent may be old.

        Checked first, looked for second: what is started in between may be what the check objects to.
        """
        reason = remedy.preflight(run, tools)
        found = self._find_lost(remedy, run, tools, action)
        if reason and not found:
            raise ActionRefused(reason)
        return found

    def _start(self, remedy: RemedyModule, plan: Plan, run: Run, tools: Tools, action: Action) -> str:
        """Start what the plan says; what another execution has started a moment before is the answer as well.

        CodePipeline and CodeDeploy know no idempotency token: they refuse a second call while the first is at work.
        """
        try:
            return remedy.start(plan, run, tools, token_of(action.incident_id))
        except RequestRejected:
            if found := self._find_lost(remedy, run, tools, action):
                return found
            raise

    def _tools(self, incident: Incident, decision: Decision) -> Tools:
        """The tools, with what this incident's remedy may know."""
        past = partial(harmed, incidents=self.incidents, ledger=self.ledger)
        case = Case(incident.id, self.actor, decision.runbook, decision.cause, self._ours, past)
        return replace(self.tools, case=case)

    def _ours(self, run_id: str) -> bool:
        return bool(self.actions.incident_of_run(run_id))

    def _find_lost(self, remedy: RemedyModule, run: Run, tools: Tools, action: Action) -> str:
        """What an attempt which died before it could note it has started; empty when it started nothing."""
        started = remedy.find(run, tools, action.intended_at - CLOCKS_APART)
        return next((run_id for run_id in started if not self._ours(run_id)), "")

    def _undo(self, decision: Decision, incident: Incident, action: Action | None) -> Action:
        """Take the action back, at most once, if what the services say of its run bears out that it is worse.

        Undoing what is undone changes nothing, so the ledger's entry comes last.
        """
        if action is None or action.status is not ActionStatus.STARTED:
            raise InvalidEvent("undo", "nothing was started for this incident")
        if self.ledger.entry(incident.id, LedgerKind.UNDONE):
            return replace(action, undo=TAKEN_BACK)
        if not worse(
            incident, action.remedy, action.new_run_id, reader=self.reader, runs=self.estimator.runs
        ):
            return replace(action, undo=f"{action.new_run_id} is not found to be worse: it stays as it is")
        run = self.reader.read(incident.run)
        said = undone(action, run, self._tools(incident, decision), self.permission.check_undo)
        if said == TAKEN_BACK:
            self._record(replace(action, undo=said), LedgerKind.UNDONE)
        return replace(action, undo=said)

    def _refuse(self, incident: Incident, remedy: str, reason: str, *, owned: bool) -> Action:
        """Note a refusal; ``owned`` says whether the stored intent is one that this call has taken up."""
        current = self.actions.of_incident(incident.id)
        if current is None:
            refused = Action(incident.id, remedy, ActionStatus.REFUSED, self.clock.now(), reason=reason)
            return self._recorded(refused)
        if current.status in FINAL:
            return self._recorded(current)
        if not owned:
            raise Throttled("another execution is carrying out this incident's action")
        refused = replace(current, status=ActionStatus.REFUSED, reason=reason)
        self.actions.finish(refused)
        return self._recorded(refused)

    def _recorded(self, action: Action) -> Action:
        """The ledger's entry of an action that has ended, also when an earlier attempt died before writing it."""
        refused = action.status is ActionStatus.REFUSED
        self._record(action, LedgerKind.ACTION_REFUSED if refused else LedgerKind.ACTION_STARTED)
        return action

    def _record_intent(self, decision: Decision, action: Action, plan: Plan | None) -> None:
        """Before the call: what exactly is about to be done. The first entry stands; without a plan there was one."""
        data: dict[str, object] = encode(replace(action, status=ActionStatus.INTENDED, new_run_id=""))
        if plan:
            data |= {"plan": encode(plan), "digest": plan.digest(decision.policy_version)}
        self.ledger.append(
            LedgerEntry(action.incident_id, LedgerKind.ACTION_INTENDED, self.clock.now(), data)
        )

    def _record(self, action: Action, kind: LedgerKind) -> None:
        self.ledger.append(LedgerEntry(action.incident_id, kind, self.clock.now(), encode(action)))


def token_of(incident_id: str) -> str:
    """The idempotency token of an incident's action (64 hex digits, CodeBuild's limit)."""
    return hashlib.sha256(f"action:{incident_id}".encode()).hexdigest()
