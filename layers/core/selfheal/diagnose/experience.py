"""What earlier runs teach about a failure: whether another attempt of the same commit passed, the last time it came.

Experience never overrules what is certain: a service's own word, or a tool that names a fault in the code.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine, Suspect
from selfheal.domain.experiment import Label
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus
from selfheal.domain.sighting import Experience, Sighting

SERVICE = "service"
_OPEN_TO_EXPERIENCE = frozenset({Cause.TEST_FAILURE, Cause.FLAKY_TEST})
_TRIES_THAT_COUNT = 2
_RECOVERIES_THAT_COUNT = 2
_COMES_AND_GOES = 0.6


def experience(sightings: Iterable[Sighting], runs: Sequence[Measurement]) -> Experience:
    """Count what became of each commit that the failure was seen on; ``runs`` are the pipeline's, in any order."""
    first: dict[str, Sighting] = {}
    for sighting in sorted(sightings, key=lambda each: each.started_at):
        first.setdefault(sighting.source_version or sighting.run_id, sighting)
    known = [sighting for sighting in first.values() if sighting.source_version]
    attempts = [(_later(runs, sighting), sighting.label) for sighting in known]
    return Experience(
        seen=len(first),
        passed=sum(_passed(later, label) for later, label in attempts),
        failed=sum(_failed(later, label) for later, label in attempts),
        recovered=sum(_recovered(runs, sighting) for sighting in first.values()),
        cached=sum(sighting.label is Label.CACHE for sighting in known),
    )


def informed(diagnosis: Diagnosis, known: Experience) -> Diagnosis:
    """The diagnosis in the light of experience; the same fingerprint, so that the next one finds the same."""
    if not known.seen:
        return diagnosis
    told = replace(diagnosis, evidence=(*diagnosis.evidence, EvidenceLine(0, words(known))))
    if not _open(diagnosis):
        return told
    if _convicted(known) and diagnosis.suspect is Suspect.NONE:
        told = replace(told, suspect=Suspect.CACHE)
    if known.passed > known.failed:
        return _likely_to_pass(told, known)
    if not known.passed and known.failed >= _TRIES_THAT_COUNT:
        return _unlikely_to_pass(told, known)
    if diagnosis.cause is Cause.TEST_FAILURE and known.recovered >= _RECOVERIES_THAT_COUNT:
        return replace(told, cause=Cause.FLAKY_TEST, transient=True, confidence=_COMES_AND_GOES)
    return told


def words(known: Experience) -> str:
    """The experience in a sentence of the evidence."""
    commits = f"this failure was seen before on {known.seen} commit{'s' if known.seen > 1 else ''}"
    tried = known.passed + known.failed
    if not tried:
        return f"{commits}; none of them was tried again"
    cached = f", on {known.cached} because it had no cache" if known.cached else ""
    return f"{commits}; another attempt passed on {known.passed} of the {tried} tried again{cached}"


def _later(runs: Iterable[Measurement], sighting: Sighting) -> list[Measurement]:
    """The attempts of the same commit that started after the failed one."""
    same = (run for run in runs if run.source_version == sighting.source_version)
    return [run for run in same if run.started_at > sighting.started_at and run.run_id != sighting.run_id]


def _passed(later: Sequence[Measurement], label: Label) -> bool:
    """The label speaks of an attempt that is not among the runs at hand any more."""
    return any(run.status is RunStatus.SUCCEEDED for run in later) or (not later and label.passed)


def _failed(later: Sequence[Measurement], label: Label) -> bool:
    return all(run.status.failed for run in later) if later else label is Label.REAL


def _recovered(runs: Iterable[Measurement], sighting: Sighting) -> bool:
    passed = (run for run in runs if run.status is RunStatus.SUCCEEDED)
    return any(run.started_at > sighting.started_at for run in passed)


def _convicted(known: Experience) -> bool:
    """Whether it was the cache more often than not, where another attempt told."""
    return known.cached > 0 and 2 * known.cached >= known.passed + known.failed


def _open(diagnosis: Diagnosis) -> bool:
    """Whether experience may say more than the evidence of this one run."""
    if diagnosis.source == SERVICE:
        return diagnosis.cause is Cause.TEST_FAILURE  # out of a test report: that a test failed, and not why
    if diagnosis.cause is Cause.UNKNOWN:
        return False  # its fingerprint is of whatever line stood last
    return diagnosis.transient is not False or diagnosis.cause in _OPEN_TO_EXPERIENCE


def _likely_to_pass(diagnosis: Diagnosis, known: Experience) -> Diagnosis:
    """By the rule of succession: one pass in one try gives 2 in 3, three in three 4 in 5."""
    chance = (known.passed + 1) / (known.passed + known.failed + 2)
    if diagnosis.cause is Cause.TEST_FAILURE:
        return replace(diagnosis, cause=Cause.FLAKY_TEST, transient=True, confidence=chance)
    return replace(diagnosis, transient=True, confidence=max(diagnosis.confidence, chance))


def _unlikely_to_pass(diagnosis: Diagnosis, known: Experience) -> Diagnosis:
    if diagnosis.cause is Cause.FLAKY_TEST:
        chance = (known.failed + 1) / (known.failed + 2)
        return replace(diagnosis, cause=Cause.TEST_FAILURE, transient=False, confidence=chance)
    return replace(diagnosis, transient=False)
