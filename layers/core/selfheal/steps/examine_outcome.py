"""examine_outcome: say how the run that an action started failed, if it did, so that the outcome can say more."""

from dataclasses import dataclass

from selfheal.domain.errors import RunNotFound
from selfheal.domain.experiment import Again
from selfheal.domain.incident import IncidentKind
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, RunRef, RunStatus, Service
from selfheal.domain.score import Level, Score
from selfheal.steps.examine_run import Examiner

_UNSCORED = Score(0.0, ready=False, level=Level.NONE)


@dataclass(frozen=True, slots=True)
class ExamineRequest:
    """What ExamineOutcome is given: the run that was started, and how it ended."""

    incident_id: str
    run_id: str
    status: str


def examine_outcome(request: ExamineRequest, *, examiner: Examiner) -> Again:
    """Examine a run that failed; it is remembered like any failure. One that nobody knows (any more) says nothing."""
    if request.status not in set(RunStatus) or not RunStatus(request.status).failed:
        return Again()
    stored = examiner.runs.get(request.run_id)
    if stored is None:
        return Again()
    try:
        run = examiner.reader.read(_telling(stored.measurement))
    except RunNotFound:
        return Again()
    examined = examiner.examine(run, IncidentKind.FAILED, _UNSCORED)
    examiner.note(run, examined)
    diagnosis, phase = examined.diagnosis, run.failed_phase
    return Again(diagnosis.fingerprint, diagnosis.cause.value, phase.name if phase else "", diagnosis.summary)


def _telling(measurement: Measurement) -> RunRef:
    """The run itself, or the build in it that failed and speaks for it."""
    if covered_by := measurement.covered_by:
        return RunRef(PipelineKey(Service.CODEBUILD, covered_by.partition(":")[0]), covered_by)
    return RunRef(measurement.pipeline, measurement.run_id)
