"""Shadow: what would have been done while only watching, held against what really happened later. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from selfheal.domain.diagnosis import Cause
from selfheal.domain.measurement import Measurement
from selfheal.domain.rate import Rate
from selfheal.domain.run import PipelineKey, RunStatus


class Judgement(StrEnum):
    """What later runs say of an action that was not taken."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Shadow:
    """An action that was not taken. ``would`` is ``act`` or ``ask``; ``seconds_saved`` is how much sooner the attempt
    that passed would have started, 0 unless it was right."""

    incident_id: str
    pipeline: PipelineKey
    cause: Cause
    remedy: str
    would: str
    judgement: Judgement
    why: str
    seconds_saved: float = 0.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of an incident that was only observed. ``would_start`` is when the remedy would have been carried
    out; ``repeats`` says whether it attempts the same commit again, ``plainly`` whether it changes nothing else: what
    other attempts did judges only that."""

    incident_id: str
    run: Measurement
    cause: Cause
    remedy: str
    would: str
    would_start: datetime
    repeats: bool
    plainly: bool


def judge(watched: Watched, runs: Sequence[Measurement], same_failure: Collection[str]) -> Shadow:
    """Judge by the next attempt of the same commit, whoever made it: it is the experiment that the action would have
    been. ``runs`` are the pipeline's, ``same_failure`` the ids of those that failed with the incident's fingerprint.

    An attempt that was stopped or superseded is passed over; so is one of which nobody knows the commit. ``runs`` that
    do not reach back to the run itself may lack its next attempt: a later one judges nothing then.
    """
    judgement, why, saved = Judgement.UNKNOWN, "nobody tried the same commit again", 0.0
    attempt = _next_attempt(watched.run, runs)
    if not watched.repeats:
        why = "no later run shows what it would have done"
    elif all(run.run_id != watched.run.run_id for run in runs):
        why = "too many runs came after it to know its next attempt"
    elif attempt and attempt.status is RunStatus.SUCCEEDED:
        judgement, why = Judgement.RIGHT, f"{attempt.run_id} passed on the same commit"
        saved = max(0.0, (attempt.started_at - watched.would_start).total_seconds())
    elif attempt and attempt.run_id in same_failure:
        why = f"{attempt.run_id} failed in the same way"
        if watched.plainly:
            judgement = Judgement.WRONG
        else:
            why += f", but without what {watched.remedy} changes"
    elif attempt:
        why = f"{attempt.run_id} failed in another way"
    return Shadow(
        watched.incident_id,
        watched.run.pipeline,
        watched.cause,
        watched.remedy,
        watched.would,
        judgement,
        why,
        saved,
    )


def _next_attempt(failed: Measurement, runs: Sequence[Measurement]) -> Measurement | None:
    later = (
        run
        for run in runs
        if run.source_version == failed.source_version != ""
        and run.started_at > failed.started_at
        and run.run_id != failed.run_id
        and (run.status is RunStatus.SUCCEEDED or run.status.failed)
    )
    return min(later, key=lambda run: run.started_at, default=None)


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """All of a period. ``incidents`` counts those that were only observed, also where nothing would have been done."""

    since: datetime
    incidents: int
    shadows: tuple[Shadow, ...]

    def count(self, judgement: Judgement) -> int:
        """How many would-be actions were judged so."""
        return sum(shadow.judgement is judgement for shadow in self.shadows)

    @property
    def rate(self) -> Rate:
        """How many of those that could be judged were right."""
        right, wrong = self.count(Judgement.RIGHT), self.count(Judgement.WRONG)
        return Rate(right, right + wrong)

    @property
    def saved(self) -> timedelta:
        """How much sooner attempts that passed would have started, added up."""
        return timedelta(seconds=sum(shadow.seconds_saved for shadow in self.shadows))
