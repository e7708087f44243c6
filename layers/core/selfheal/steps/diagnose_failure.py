"""diagnose_failure: gather the evidence of an incident and say what caused it."""

from dataclasses import dataclass, replace

from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import Diagnosis, EvidenceLine
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey
from selfheal.ports import Clock, IncidentStore, Ledger, LogReader, RunReader, RunStore, TestReports
from selfheal.steps.build_log import read_log
from selfheal.wire import encode

FAILURES = 20


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
    ledger: Ledger,
    clock: Clock,
) -> Diagnosis:
    """Diagnose one incident; everything in the answer is redacted. Raises IncidentNotFound, RunNotFound."""
    incident = incidents.get(request.incident_id)
    run = reader.read(incident.run)
    redactor = Redactor(run.secrets)
    lines, trouble = read_log(run, redactor, logs=logs, reader=reader, runs=runs)
    failures = reports.failures(run.report_arns, FAILURES) if run.report_arns else []
    diagnosis = diagnose(run, incident.kind, incident.score, lines, failures, redactor)
    if trouble:
        noted = EvidenceLine(0, redactor.redact(trouble))
        diagnosis = replace(diagnosis, evidence=(*diagnosis.evidence, noted))
    ledger.append(LedgerEntry(incident.id, LedgerKind.DIAGNOSED, clock.now(), encode(diagnosis)))
    return diagnosis
