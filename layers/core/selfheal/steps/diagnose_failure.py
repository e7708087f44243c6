"""diagnose_failure: gather the evidence of an incident and say what caused it."""

from dataclasses import dataclass, replace

from selfheal.diagnose.experience import experience, informed
from selfheal.diagnose.harm import diagnose_harm
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import Diagnosis, EvidenceLine
from selfheal.domain.errors import RunNotFound
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey, Run
from selfheal.harm_ports import Harms
from selfheal.ports import (
    Clock,
    FailureMemory,
    IncidentStore,
    Ledger,
    LogReader,
    RunReader,
    RunStore,
    TestReports,
)
from selfheal.remedy_ports import Stages
from selfheal.steps.examine_run import Examined, Examiner
from selfheal.wire import encode

SIGHTINGS = 20
RUNS = 200


@dataclass(frozen=True, slots=True)
class DiagnoseRequest:
    """What DiagnoseFailure is given."""

    incident_id: str
    run_id: str
    pipeline: PipelineKey
    kind: IncidentKind


def diagnose_failure(
    request: DiagnoseRequest,
    *,
    incidents: IncidentStore,
    reader: RunReader,
    logs: LogReader,
    runs: RunStore,
    reports: TestReports,
    stages: Stages,
    failures: FailureMemory,
    harms: Harms,
    ledger: Ledger,
    clock: Clock,
) -> Diagnosis:
    """Diagnose one incident; everything in the answer is redacted. Raises IncidentNotFound, RunNotFound."""
    incident = incidents.get(request.incident_id)
    run = reader.read(incident.run)
    if incident.kind is IncidentKind.HARMFUL:
        diagnosis = diagnose_harm(harms.of_incident(incident.id), Redactor(run.secrets))
        ledger.append(LedgerEntry(incident.id, LedgerKind.DIAGNOSED, clock.now(), encode(diagnosis)))
        return diagnosis
    examiner = Examiner(reader, logs, runs, reports, failures)
    examined = examiner.examine(run, incident.kind, incident.score)
    diagnosis = examined.diagnosis
    if incident.kind is IncidentKind.FAILED:
        diagnosis = _with_experience(run, examined, examiner, clock)
    if examined.trouble:
        noted = EvidenceLine(0, examined.trouble)
        diagnosis = replace(diagnosis, evidence=(*diagnosis.evidence, noted))
    diagnosis = replace(diagnosis, stage=_stage(run, stages))
    ledger.append(LedgerEntry(incident.id, LedgerKind.DIAGNOSED, clock.now(), encode(diagnosis)))
    return diagnosis


def _stage(run: Run, stages: Stages) -> str:
    """The stage of the pipeline that started this build: its protection and freezes count when it is decided."""
    if not run.pipeline:
        return ""
    try:
        attempt = stages.of_build(run.pipeline, run.ref.run_id)
    except RunNotFound:
        return ""
    return attempt.stage if attempt else ""


def _with_experience(run: Run, examined: Examined, examiner: Examiner, clock: Clock) -> Diagnosis:
    """What earlier runs teach; this one is noted for those to come, under the fingerprint it has either way."""
    diagnosis, pipeline = examined.diagnosis, run.ref.key
    seen = examiner.failures.seen(pipeline, diagnosis.fingerprint, SIGHTINGS)
    earlier = [sighting for sighting in seen if sighting.started_at < run.started_at]
    past = examiner.runs.history(pipeline, clock.now(), RUNS) if earlier else []
    examiner.note(run, examined)
    return informed(diagnosis, experience(earlier, [each.measurement for each in past]))
