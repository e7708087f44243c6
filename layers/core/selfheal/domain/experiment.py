"""Experiment: another attempt of the same commit says what the first failure was. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from selfheal.domain.action import OutcomeStatus
from selfheal.domain.diagnosis import Cause, Diagnosis, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import PipelineKey

# What the surroundings of a build did to it, and a build that is given more of them.
_OF_THE_SURROUNDINGS = frozenset(
    {
        Cause.INFRA_FLAKE,
        Cause.NETWORK,
        Cause.REGISTRY_RATE_LIMIT,
        Cause.EXTERNAL_SERVICE,
        Cause.QUOTA,
        Cause.DISK_FULL,
        Cause.OOM,
        Cause.TIMEOUT,
        Cause.SOURCE_ERROR,
    }
)


class Label(StrEnum):
    """What a failure proved to be: a bad cache; something in the commit that does not fail every time; something the
    build's surroundings did to it; a fault of the commit itself."""

    NONE = ""
    CACHE = "cache"
    FLAKE = "flake"
    INFRASTRUCTURE = "infrastructure"
    REAL = "real"

    @property
    def passed(self) -> bool:
        """Whether another attempt of the same commit passed."""
        return self in (Label.CACHE, Label.FLAKE, Label.INFRASTRUCTURE)


@dataclass(frozen=True, slots=True)
class LabelledFailure:
    """A failure with what it proved to be, as training data: nothing in it is text of a log. ``opened_at`` is the
    incident's moment, ``new_run_id`` the attempt that told."""

    run_id: str
    pipeline: PipelineKey
    opened_at: datetime
    source_version: str
    fingerprint: str
    cause: Cause
    remedy: str
    label: Label
    new_run_id: str


@dataclass(frozen=True, slots=True)
class Again:
    """How the new run failed; empty throughout when it did not, or when there was nothing to examine.

    ``phase`` is the first that did not succeed, as its service names it. ``worse`` says in what it is worse than the
    run that was to be healed, empty when it is not. Everything is redacted.
    """

    fingerprint: str = ""
    cause: str = ""
    phase: str = ""
    summary: str = ""
    worse: str = ""


def label_of(
    diagnosis: Diagnosis, remedy: Remedy, outcome: OutcomeStatus, again: str, *, repeated: bool = False
) -> Label:
    """What the outcome of a remedy shows the first failure to have been; NONE when it shows nothing.

    Only remedies that attempt the same commit again are experiments. ``again`` is the fingerprint of the new run's
    failure (empty when it did not fail or was not diagnosed), ``repeated`` says that an attempt before this one
    failed in the same way, without the cache being dropped.
    """
    if not repeats_commit(remedy):
        return Label.NONE
    if outcome is OutcomeStatus.HEALED:
        return _healed(diagnosis, remedy, repeated=repeated)
    if outcome in (OutcomeStatus.NOT_HEALED, OutcomeStatus.WORSE) and again == diagnosis.fingerprint:
        return Label.REAL
    return Label.NONE


def repeats_commit(remedy: Remedy) -> bool:
    """Whether the remedy attempts the same commit again, in whatever surroundings."""
    return remedy.awaits and remedy.risk is not Risk.REPLACES and remedy.kinds == {IncidentKind.FAILED}


def repeats_plainly(remedy: Remedy) -> bool:
    """Whether it does so with nothing else changed."""
    return repeats_commit(remedy) and remedy.risk is Risk.REPEATS


def _healed(diagnosis: Diagnosis, remedy: Remedy, *, repeated: bool) -> Label:
    """A clean build differs from the failed one in two things, the cache and the moment: it convicts the cache when
    that was suspected, or when a plain attempt had failed as well."""
    if remedy.suspect is Suspect.CACHE and (repeated or diagnosis.suspect is Suspect.CACHE):
        return Label.CACHE
    return Label.INFRASTRUCTURE if diagnosis.cause in _OF_THE_SURROUNDINGS else Label.FLAKE
