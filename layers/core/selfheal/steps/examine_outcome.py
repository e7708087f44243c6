"""examine_outcome: say how the run that an action started failed, if it did, so that the outcome can say more."""

from dataclasses import dataclass

from selfheal.domain.errors import RunNotFound
from selfheal.domain.experiment import Again
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import RunStatus
from selfheal.domain.score import Level, Score
from selfheal.ports import IncidentStore
from selfheal.steps.examine_run import Examiner
from selfheal.steps.verify import telling, worse

_UNSCORED = Score(0.0, ready=False, level=Level.NONE)


@dataclass(frozen=True, slots=True)
class ExamineRequest:
    """What ExamineOutcome is given: the run that was started, how it ended, and the remedy that started it."""

    incident_id: str
    run_id: str
    status: str
    remedy: str


def examine_outcome(request: ExamineRequest, *, examiner: Examiner, incidents: IncidentStore) -> Again:
    """Examine a run that failed; it is remembered like any failure. One that nobody knows (any more) says nothing."""
    if request.status not in set(RunStatus) or not RunStatus(request.status).failed:
        return Again()
    stored = examiner.runs.get(request.run_id)
    if stored is None:
        return Again()
    try:
        run = examiner.reader.read(telling(stored.measurement, examiner.runs))
    except RunNotFound:
        return Again()
    examined = examiner.examine(run, IncidentKind.FAILED, _UNSCORED)
    examiner.note(run, examined)
    incident = incidents.get(request.incident_id)
    worsened = worse(incident, request.remedy, request.run_id, reader=examiner.reader, runs=examiner.runs)
    diagnosis, phase = examined.diagnosis, run.failed_phase
    name = phase.name if phase else ""
    return Again(diagnosis.fingerprint, diagnosis.cause.value, name, diagnosis.summary, worsened)
