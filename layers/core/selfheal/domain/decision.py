"""Decision: what policy makes of a diagnosis. Pure; the same input always gives the same decision."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from selfheal.domain.autonomy import Trust
from selfheal.domain.choice import NOTIFY, applicable, choose, delay
from selfheal.domain.diagnosis import ALARM, SCORE, Cause, Diagnosis
from selfheal.domain.incident import IncidentKind
from selfheal.domain.permission import Circumstances, objection
from selfheal.domain.policy import RUN_RUNBOOK, Mode, Policy, Rule
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
    """The verdict on one remedy, always with a reason a person can read. ``runbook`` is the one that the rule names,
    for the remedy that runs one. ``cause`` is what it was decided for; ``would`` is the verdict that there would have
    been, had the rule and the stack been set to act (only where it is ``observe``, else empty)."""

    verdict: Verdict
    remedy: str
    reason: str
    policy_version: str
    delay_seconds: int = 0
    runbook: str = ""
    cause: str = ""
    would: str = ""


def chosen(
    pipeline: PipelineKey,
    kind: IncidentKind,
    diagnosis: Diagnosis,
    suggested: str,
    catalogue: Sequence[Remedy],
    policy: Policy,
) -> Remedy:
    """The remedy to decide on: of those that fit, the first that a rule lets pass (see choice.py)."""
    fit = fitting(pipeline, kind, diagnosis, catalogue, policy)
    return choose(fit, suggested, lambda remedy: _permitted(pipeline, diagnosis, remedy, policy))


def fitting(
    pipeline: PipelineKey,
    kind: IncidentKind,
    diagnosis: Diagnosis,
    catalogue: Sequence[Remedy],
    policy: Policy,
) -> list[Remedy]:
    """The remedies that can be chosen, best first: those that fit, and of those for which a rule must name them, the
    ones that a rule lets pass."""
    named = {remedy.id for remedy in catalogue if _permitted(pipeline, diagnosis, remedy, policy)}
    return applicable(diagnosis, catalogue, pipeline.service, kind, named)


def _permitted(pipeline: PipelineKey, diagnosis: Diagnosis, remedy: Remedy, policy: Policy) -> bool:
    rule = policy.rule_for(str(pipeline), diagnosis.cause, remedy.id)
    if rule is None or rule.mode is Mode.OBSERVE or remedy.id == NOTIFY:
        return False
    return remedy.risk.rank <= rule.max_risk.rank


def decide(
    *, pipeline: str, diagnosis: Diagnosis, remedy: Remedy, policy: Policy, now: Circumstances
) -> Decision:
    """Decide on one remedy that fits the diagnosis."""
    rule = policy.rule_for(pipeline, diagnosis.cause, remedy.id)
    verdict, reason = _verdict(pipeline, diagnosis, remedy, policy, rule, now)
    seconds = delay(remedy, diagnosis, rule.delay_seconds if rule else None)
    runbook = rule.runbook if rule and remedy.id == RUN_RUNBOOK else ""
    would = _would(pipeline, diagnosis, remedy, policy, rule, now) if verdict is Verdict.OBSERVE else ""
    return Decision(
        verdict, remedy.id, reason, policy.version, seconds, runbook, diagnosis.cause.value, would
    )


def _would(
    pipeline: str, diagnosis: Diagnosis, remedy: Remedy, policy: Policy, rule: Rule | None, now: Circumstances
) -> str:
    """Where no rule speaks, one is assumed that has nothing but what every rule must have."""
    as_if = rule or Rule((pipeline,), frozenset({diagnosis.cause}), frozenset({remedy.id}), Mode.ACT)
    acting = replace(now, ceiling=Mode.ACT, trust=Trust())
    return _verdict(pipeline, diagnosis, remedy, policy, replace(as_if, mode=Mode.ACT), acting)[0].value


def _verdict(
    pipeline: str, diagnosis: Diagnosis, remedy: Remedy, policy: Policy, rule: Rule | None, now: Circumstances
) -> tuple[Verdict, str]:
    if remedy.id == NOTIFY:
        return Verdict.ACT, f"{_why_a_person(diagnosis)}: a person is told"
    if rule is None:
        return Verdict.OBSERVE, f"no policy rule lets {remedy.id} act on {diagnosis.cause} in {pipeline}"
    if reason := _watches_only(rule, now):
        return Verdict.OBSERVE, reason
    keys = held_by(pipeline, diagnosis)
    if reason := _beyond(rule, diagnosis, remedy) or objection(keys, remedy.id, policy, now):
        return Verdict.REFUSE, reason
    if reason := _must_ask(keys, remedy, policy, rule, now):
        return Verdict.ASK, reason
    if _promoted(rule, policy, now):
        return (
            Verdict.ACT,
            f"policy rule {rule.number} asks, but {remedy.id} has earned to act: {now.trust.words}",
        )
    return Verdict.ACT, f"policy rule {rule.number} allows {remedy.id} for {diagnosis.cause}"


def _watches_only(rule: Rule, now: Circumstances) -> str:
    if Mode.OBSERVE in (rule.mode, now.ceiling):
        return f"{_who(rule, now, Mode.OBSERVE)} is set to observe"
    if now.trust.cap is Mode.OBSERVE:
        return f"demoted: {now.trust.words}; a person must clear it (selfheal autonomy)"
    return ""


def held_by(pipeline: str, diagnosis: Diagnosis) -> tuple[str, ...]:
    """The keys whose protection and freezes hold: the run's own, and that of the stage through which it is repeated."""
    if not diagnosis.pipeline or not diagnosis.stage:
        return (pipeline,)
    return (pipeline, str(PipelineKey.of_stage(diagnosis.pipeline, diagnosis.stage)))


def _must_ask(keys: Sequence[str], remedy: Remedy, policy: Policy, rule: Rule, now: Circumstances) -> str:
    """Why a person must be asked; empty when none must."""
    if protected := next(filter(policy.protected, keys), ""):
        return f"{protected} is protected: a person must approve {remedy.id}"
    if Mode.ASK in (rule.mode, now.ceiling) and not _promoted(rule, policy, now):
        return f"{_who(rule, now, Mode.ASK)} wants a person to approve {remedy.id}"
    if now.trust.cap is Mode.ASK:
        return f"demoted: {now.trust.words}; a person must approve {remedy.id}"
    return ""


def _promoted(rule: Rule, policy: Policy, now: Circumstances) -> bool:
    """Whether the policy lets a rule that asks act, and the remedy has earned it; never beyond the stack's mode."""
    earned = now.trust.earned and policy.autonomy.promote_to_act
    return rule.mode is Mode.ASK and now.ceiling is Mode.ACT and earned


def _who(rule: Rule, now: Circumstances, mode: Mode) -> str:
    return "the stack" if now.ceiling is mode else f"policy rule {rule.number}"


def _beyond(rule: Rule, diagnosis: Diagnosis, remedy: Remedy) -> str:
    """What of the remedy or the diagnosis lies beyond the bounds that the rule sets; empty when nothing does."""
    if diagnosis.confidence < rule.min_confidence:
        return (
            f"confidence {diagnosis.confidence:.2f} is below the {rule.min_confidence:.2f} that policy rule "
            f"{rule.number} asks for (min_confidence)"
        )
    if remedy.risk.rank > rule.max_risk.rank:
        return (
            f"the risk of {remedy.id} is {remedy.risk!s}, above the {rule.max_risk!s} that policy rule "
            f"{rule.number} lets pass (max_risk)"
        )
    return ""


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
