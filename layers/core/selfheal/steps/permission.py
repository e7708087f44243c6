"""Permission: the one place that says whether an action may be done, at the decision and right before the call."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from selfheal.approval_ports import ApprovalStore
from selfheal.brake_ports import Switch
from selfheal.domain.action import Plan
from selfheal.domain.approval import Approval
from selfheal.domain.autonomy import Subject, Trust, trust_of
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import ActionRefused
from selfheal.domain.incident import Incident
from selfheal.domain.limits import Limits, tripped
from selfheal.domain.permission import Circumstances, frozen, limits_of, paused
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.run import PipelineKey
from selfheal.domain.spending import Cost
from selfheal.ports import ActionStore, Clock
from selfheal.record_ports import TrackRecords
from selfheal.steps.behind import Behind


@dataclass(frozen=True, slots=True)
class Permission:
    """What rules over actions: the policy, the stack's mode as ``ceiling``, the kill switch, what was done before."""

    policy: Policy
    ceiling: Mode
    switch: Switch
    actions: ActionStore
    approvals: ApprovalStore
    clock: Clock
    tracks: TrackRecords

    def circumstances(self, incident: Incident, remedy: str, cause: Cause, cost: Cost) -> Circumstances:
        """Everything that a decision on this remedy depends on, as it stands now."""
        now = self.clock.now()
        return Circumstances(
            at=now,
            ceiling=self.ceiling,
            paused=self.switch.paused(),
            spent=self.actions.spent(incident.lineage, now),
            cost=cost,
            brakes=self.actions.brakes(incident.run.key, remedy),
            trust=self._trust(incident, remedy, cause),
        )

    def limits(self, cost: Cost) -> Limits:
        """What the intent of an action of that cost is held to, in the transaction that writes it."""
        return limits_of(self.policy, cost)

    def check(self, incident: Incident, decision: Decision, plan: Plan, who: Callable[[], Behind]) -> None:
        """Raises ActionRefused with the reason when what was decided must not be done any more. ``who`` tells who is
        behind the run, for the question may have been put by who wants it approved.

        The decision may be an hour old. Budgets and cool-down are not asked here: the intent's own transaction holds
        them. The kill switch is read last, so that nothing but the call itself comes after it.
        """
        if reason := (
            self._changed(decision)
            or self._unapproved(incident, decision, plan, who)
            or self._frozen(incident, plan)
            or self._tripped(incident, decision.remedy)
            or self._demoted(incident, decision)
            or paused(self.switch.paused())
        ):
            raise ActionRefused(reason)

    def check_undo(self) -> None:
        """Taking something back is doing something, too. Raises ActionRefused in a stack that only observes, and while
        it is paused."""
        if self.ceiling is Mode.OBSERVE:
            raise ActionRefused(f"the stack is set to {self.ceiling}")
        if reason := paused(self.switch.paused()):
            raise ActionRefused(reason)

    def _changed(self, decision: Decision) -> str:
        if self.ceiling is Mode.OBSERVE:
            return f"the stack is set to {self.ceiling}"
        if decision.policy_version != self.policy.version:
            return "the policy has changed since this was decided"
        return ""

    def _frozen(self, incident: Incident, plan: Plan) -> str:
        reasons = (frozen(key, self.policy, self.clock.now()) for key in touched(incident.run.key, plan))
        return next(filter(None, reasons), "")

    def _unapproved(
        self, incident: Incident, decision: Decision, plan: Plan, who: Callable[[], Behind]
    ) -> str:
        """Whose word is missing: an action that must be asked for needs the approval of this very plan, where its
        pipeline is protected by somebody who is not behind the run."""
        protected = next(filter(self.policy.protected, touched(incident.run.key, plan)), "")
        if decision.verdict is Verdict.ACT and self.ceiling is Mode.ACT and not protected:
            return ""
        approval = self.approvals.get(incident.id)
        if approval is None:
            why = f"{protected} is protected and " if protected else ""
            return f"{why}nobody was asked whether this may be done"
        if reason := approval.objection(plan, decision.policy_version, self.clock.now()):
            return reason
        return _by_who_may_not(approval, who()) if protected else ""

    def _trust(self, incident: Incident, remedy: str, cause: Cause) -> Trust:
        track = self.tracks.track(Subject(incident.run.key, cause, remedy))
        return trust_of(track, self.policy.autonomy)

    def _demoted(self, incident: Incident, decision: Decision) -> str:
        """What other incidents have shown since the decision. A person's approval outweighs a demotion to asking."""
        if decision.cause not in set(Cause):
            return ""
        cause = Cause(decision.cause)
        trust = self._trust(incident, decision.remedy, cause)
        rule = self.policy.rule_for(str(incident.run.key), cause, decision.remedy)
        promoted = rule is not None and rule.mode is Mode.ASK
        asks = decision.verdict is Verdict.ACT and (trust.cap is Mode.ASK or (promoted and not trust.earned))
        return f"demoted since: {trust.words}" if asks or trust.cap is Mode.OBSERVE else ""

    def _tripped(self, incident: Incident, remedy: str) -> str:
        """The breaker, unless it is this very incident that it let through."""
        brakes = self.actions.brakes(incident.run.key, remedy)
        if brakes.tried_for == incident.id:
            return ""
        return tripped(str(incident.run.key), remedy, self.policy.breaker, brakes, self.clock.now())


def _by_who_may_not(approval: Approval, behind: Behind) -> str:
    """Why the one who approved might not, as the services tell who is behind the run; empty when he might."""
    asked = replace(approval, protected=True, started_by=behind.started_by, authors=behind.authors)
    return asked.objection_to(approval.by, approvers=())


def touched(pipeline: PipelineKey, plan: Plan) -> tuple[str, ...]:
    """The keys whose protection and freezes hold: the run's own, and that of the pipeline which the plan touches."""
    return tuple(dict.fromkeys(filter(None, (str(pipeline), plan.pipeline))))
