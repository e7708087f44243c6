"""Autonomy: what a remedy has earned on one pipeline for one cause, and what it has lost. Pure.

Trust is gained slowly and only as far as policy permits; it is lost at once, and only a person gives it back.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from selfheal.domain.action import OutcomeStatus
from selfheal.domain.diagnosis import Cause
from selfheal.domain.policy import Autonomy, Mode
from selfheal.domain.rate import Rate
from selfheal.domain.run import PipelineKey

NOT_HEALED_IN_A_ROW = 3
TELLING = (OutcomeStatus.HEALED, OutcomeStatus.NOT_HEALED, OutcomeStatus.WORSE)
"""The outcomes that say something of a remedy; the others say that it was not tried or not seen to end."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What trust is earned for: a remedy, for a cause, on a pipeline."""

    pipeline: PipelineKey
    cause: Cause
    remedy: str

    def __str__(self) -> str:
        return f"{self.remedy} for {self.cause} in {self.pipeline}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One incident's telling outcome; ``at`` is when it was recorded."""

    incident_id: str
    at: datetime
    outcome: OutcomeStatus


@dataclass(frozen=True, slots=True)
class Clearance:
    """A person's word that what happened before counts no more: who (an IAM identity), when and why."""

    by: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """The last trials of a subject, newest first, and the last clearance."""

    subject: Subject
    trials: tuple[Trial, ...] = ()
    cleared: Clearance | None = None

    @property
    def counted(self) -> tuple[Trial, ...]:
        """The trials since the clearance."""
        return tuple(t for t in self.trials if self.cleared is None or t.at > self.cleared.at)

    @property
    def rate(self) -> Rate:
        """How many of them healed."""
        outcomes = [trial.outcome for trial in self.counted]
        return Rate(outcomes.count(OutcomeStatus.HEALED), len(outcomes))

    def with_trial(self, trial: Trial) -> "Track":
        """The same with one more; one that is among them already counts once."""
        if any(each.incident_id == trial.incident_id for each in self.trials):
            return self
        trials = sorted((trial, *self.trials), key=lambda each: each.at, reverse=True)
        return replace(self, trials=tuple(trials))


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a subject is trusted. ``cap``: no rule goes beyond it (ACT: no cap). ``earned``: it passed the bar, so a
    rule that asks may be promoted, as far as policy permits. ``words`` say why, with the numbers."""

    cap: Mode = Mode.ACT
    earned: bool = False
    words: str = ""


def trust_of(track: Track, autonomy: Autonomy) -> Trust:
    """One outcome that was worse: observe. Several in a row that did not heal: ask. Until a person clears it."""
    trials = track.counted
    worse = [trial for trial in trials if trial.outcome is OutcomeStatus.WORSE]
    if worse:
        return Trust(Mode.OBSERVE, words=f"it made things worse in incident {worse[0].incident_id}")
    last = trials[:NOT_HEALED_IN_A_ROW]
    if len(last) == NOT_HEALED_IN_A_ROW and all(t.outcome is OutcomeStatus.NOT_HEALED for t in last):
        return Trust(Mode.ASK, words=f"it did not heal {NOT_HEALED_IN_A_ROW} times in a row")
    rate = track.rate
    if rate.tries < autonomy.min_outcomes:
        return Trust(words=f"{rate.tries} of the {autonomy.min_outcomes} outcomes that are asked for")
    told = (
        f"it healed {rate.successes} of {rate.tries}, which is at least {rate.lower:.2f} with 95 % confidence"
    )
    return Trust(earned=rate.lower >= autonomy.bar, words=f"{told} ({autonomy.bar:.2f} asked for)")


def change_of(before: Trust, after: Trust, subject: Subject, autonomy: Autonomy) -> str:
    """What people are told when an outcome changes how far a subject is trusted; empty when it does not."""
    if after.cap is not before.cap and after.cap is not Mode.ACT:
        return f"Demoted to {after.cap}: {subject}: {after.words}. {_clear(subject)} gives it back."
    if not after.earned or before.earned:
        return ""
    if autonomy.promote_to_act:
        return f"Promoted by the policy (promote_to_act), where a rule asks: {subject}: {after.words}."
    return (
        f"Proposal: let {subject} act where a rule asks: {after.words}. A person decides that, in the policy."
    )


def _clear(subject: Subject) -> str:
    return f"`selfheal autonomy clear {subject.pipeline} {subject.cause} {subject.remedy}`"
