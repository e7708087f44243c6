"""Decision: what policy makes of a diagnosis. Pure; the same input always gives the same decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from selfheal.domain.choice import NOTIFY, applicable, choose, delay
from selfheal.domain.diagnosis import ALARM, SCORE, Cause, Diagnosis
from selfheal.domain.incident import IncidentKind
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.domain.remedy import Remedy
from selfheal.domain.run import PipelineKey


class Verdict(StrEnum):
    """What happens with the chosen remedy."""

    ACT = "act"
    ASK = "ask"
    OBSERVE = "observe"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one remedy, always with a reason a person can read."""

    verdict: Verdict
    remedy: str
    reason: str
    policy_version: str
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """How many actions have been started already, on the three scales of Budget."""

    per_commit: int = 0
    per_pipeline_hour: int = 0
    per_account_day: int = 0

    def exhausted(self, budget: Budget) -> str:
        """The first budget that leaves no room for one more action, in words; empty when all have room."""
        scales = (
            ("this commit", self.per_commit, budget.per_commit),
            ("this pipeline in this hour", self.per_pipeline_hour, budget.per_pipeline_hour),
            ("this account today", self.per_account_day, budget.per_account_day),
        )
        for scope, used, allowed in scales:
            if used >= allowed:
                return f"budget spent: {used} of {allowed} actions used for {scope}"
        return ""


def decide(
    *,
    pipeline: str,
    diagnosis: Diagnosis,
    suggested: str,
    catalogue: Sequence[Remedy],
    policy: Policy,
    ceiling: Mode,
    spent: Spent,
    kind: IncidentKind = IncidentKind.FAILED,
) -> Decision:
    """Decide on one incident. ``ceiling`` is the stack's mode: no rule goes beyond it."""

    def permitted(remedy: Remedy) -> bool:
        rule = policy.rule_for(pipeline, diagnosis.cause, remedy.id)
        return rule is not None and rule.mode is not Mode.OBSERVE

    fitting = applicable(diagnosis, catalogue, PipelineKey.parse(pipeline).service, kind)
    remedy = choose(fitting, suggested, permitted)
    verdict, reason = _verdict(pipeline, diagnosis, remedy, policy, ceiling, spent)
    rule = policy.rule_for(pipeline, diagnosis.cause, remedy.id)
    seconds = delay(remedy, diagnosis, rule.delay_seconds if rule else None)
    return Decision(verdict, remedy.id, reason, policy.version, seconds)


def _verdict(
    pipeline: str, diagnosis: Diagnosis, remedy: Remedy, policy: Policy, ceiling: Mode, spent: Spent
) -> tuple[Verdict, str]:
    if remedy.id == NOTIFY:
        return Verdict.ACT, f"{_why_a_person(diagnosis)}: a person is told"
    rule = policy.rule_for(pipeline, diagnosis.cause, remedy.id)
    if rule is None:
        return Verdict.OBSERVE, f"no policy rule lets {remedy.id} act on {diagnosis.cause} in {pipeline}"
    if rule.mode is Mode.OBSERVE or ceiling is Mode.OBSERVE:
        return (
            Verdict.OBSERVE,
            f"{'the stack' if ceiling is Mode.OBSERVE else 'the policy rule'} is set to observe",
        )
    if diagnosis.confidence < rule.min_confidence:
        return (
            Verdict.REFUSE,
            f"confidence {diagnosis.confidence:.2f} is below the {rule.min_confidence:.2f} asked for",
        )
    if reason := spent.exhausted(policy.budget):
        return Verdict.REFUSE, reason
    if Mode.ASK in (rule.mode, ceiling):
        return Verdict.ASK, "the policy wants a person to do this"
    return Verdict.ACT, f"policy allows {remedy.id} for {diagnosis.cause}"


def _why_a_person(diagnosis: Diagnosis) -> str:
    if diagnosis.source == SCORE:
        return "the run passed but is odd"
    if diagnosis.source == ALARM:
        return "what was deployed is harming users"
    if diagnosis.cause is Cause.UNKNOWN:
        return "the cause is unknown"
    if diagnosis.transient is True:
        return f"the catalogue has no remedy for {diagnosis.cause}"
    return f"another attempt is not expected to help against {diagnosis.cause}"
