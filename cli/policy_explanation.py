"""What a policy makes of a cause in a pipeline: the deployed functions' own code, asked without an incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from local.records import Controls
from selfheal.domain.autonomy import Subject, trust_of
from selfheal.domain.decision import Decision, chosen, decide, fitting, held_by
from selfheal.domain.diagnosis import Cause, Diagnosis, Suspect
from selfheal.domain.freeze import Freeze
from selfheal.domain.incident import IncidentKind, Lineage
from selfheal.domain.permission import Circumstances
from selfheal.domain.policy import Autonomy, Mode, Policy, Rule
from selfheal.domain.remedy import Remedy
from selfheal.domain.run import PipelineKey
from selfheal.remedies.registry import catalogue


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked: a cause in a pipeline, as sure as ``confidence``, at a moment, in a stack of that mode.

    ``through`` names the CodePipeline pipeline that started the build, or ``pipeline/stage``; empty where none did.
    """

    pipeline: PipelineKey
    cause: Cause
    kind: IncidentKind
    suspect: Suspect
    transient: bool
    confidence: float
    at: datetime
    ceiling: Mode
    through: str = ""

    @property
    def diagnosis(self) -> Diagnosis:
        """The diagnosis that an incident of this case would have."""
        pipeline, _, stage = self.through.partition("/")
        return Diagnosis(
            self.cause,
            self.transient,
            self.confidence,
            "asked",
            "",
            "",
            suspect=self.suspect,
            pipeline=pipeline,
            stage=stage,
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """One remedy that fits, the rule that speaks of it (None: no rule does), and what would come of it."""

    remedy: Remedy
    rule: Rule | None
    decision: Decision
    now: Circumstances


@dataclass(frozen=True, slots=True)
class Explanation:
    """All remedies that fit, best first; ``choice`` is the id of the one that would be decided on."""

    case: Case
    policy: Policy
    judged: Sequence[Judged]
    choice: str
    looked_at: bool

    @property
    def protected(self) -> bool:
        """Whether a person must always be asked."""
        return any(map(self.policy.protected, self._keys))

    @property
    def _keys(self) -> tuple[str, ...]:
        return held_by(str(self.case.pipeline), self.case.diagnosis)

    def holding(self) -> list[tuple[Freeze, datetime | None]]:
        """The policy's freezes, each with its end where it holds for this pipeline at that moment."""
        return [
            (freeze, next(filter(None, (freeze.until(key, self.case.at) for key in self._keys)), None))
            for freeze in self.policy.freezes
        ]


def explain(case: Case, policy: Policy, controls: Controls | None) -> Explanation:
    """Ask the policy about every remedy that fits; with ``controls``, as that stack's switch and budgets stand.

    No estimate of minutes and money is made, and no commit's budget is looked at: there is no run to go by.
    """
    fit = fitting(case.pipeline, case.kind, case.diagnosis, catalogue(), policy)
    # People are told in any case: it is a remedy only where there is no other.
    fit = fit[:-1] or fit
    judged = [_judge(remedy, case, policy, _now(remedy, case, policy.autonomy, controls)) for remedy in fit]
    choice = chosen(case.pipeline, case.kind, case.diagnosis, "", catalogue(), policy)
    return Explanation(case, policy, judged, choice.id, looked_at=controls is not None)


def _judge(remedy: Remedy, case: Case, policy: Policy, now: Circumstances) -> Judged:
    pipeline = str(case.pipeline)
    decision = decide(pipeline=pipeline, diagnosis=case.diagnosis, remedy=remedy, policy=policy, now=now)
    return Judged(remedy, policy.rule_for(pipeline, case.cause, remedy.id), decision, now)


def _now(remedy: Remedy, case: Case, autonomy: Autonomy, controls: Controls | None) -> Circumstances:
    if controls is None:
        return Circumstances(case.at, case.ceiling)
    actions, no_commit = controls.actions, Lineage(case.pipeline, "")
    return Circumstances(
        case.at,
        case.ceiling,
        paused=controls.switch.paused(),
        spent=actions.spent(no_commit, case.at),
        brakes=actions.brakes(case.pipeline, remedy.id),
        trust=trust_of(controls.tracks.track(Subject(case.pipeline, case.cause, remedy.id)), autonomy),
    )
