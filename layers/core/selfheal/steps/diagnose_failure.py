"""diagnose_failure: gather the evidence of an incident and say what caused it."""

from dataclasses import dataclass, replace

from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import Diagnosis, EvidenceLine
from selfheal.domain.errors import RequestRejected
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey, Run
from selfheal.ports import Clock, IncidentStore, Ledger, LogLine, LogReader, RunReader, TestReports
from selfheal.wire import encode

LOG_BYTES = 512 * 1024
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
    reports: TestReports,
    ledger: Ledger,
    clock: Clock,
) -> Diagnosis:
    """Diagnose one incident; everything in the answer is redacted. Raises IncidentNotFound, RunNotFound."""
    incident = incidents.get(request.incident_id)
    run = reader.read(incident.run)
    redactor = Redactor(run.secrets)
    lines, trouble = _read_log(run, logs)
    failures = reports.failures(run.report_arns, FAILURES) if run.report_arns else []
    diagnosis = diagnose(run, incident.kind, incident.score, lines, failures, redactor)
    if trouble:
        noted = EvidenceLine(0, redactor.redact(trouble))
        diagnosis = replace(diagnosis, evidence=(*diagnosis.evidence, noted))
    ledger.append(LedgerEntry(incident.id, LedgerKind.DIAGNOSED, clock.now(), encode(diagnosis)))
    return diagnosis


def _read_log(run: Run, logs: LogReader) -> tuple[list[LogLine], str]:
    """The log's end; where it may not be read, why not: the service's own facts may still say enough."""
    if run.log is None:
        return [], ""
    try:
        return logs.tail(run.log, LOG_BYTES), ""
    except RequestRejected as refusal:
        return [], f"Selfheal may not read this log, see the parameter BuildLogGroups: {refusal}"
