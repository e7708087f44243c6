"""diagnose_failure: gather the evidence of an incident and say what caused it."""

from dataclasses import dataclass

from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import Diagnosis
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey
from selfheal.ports import Clock, IncidentStore, Ledger, LogReader, RunReader, TestReports
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
    diagnosis = diagnose(
        run,
        incident.kind,
        incident.score,
        logs.tail(run.log, LOG_BYTES) if run.log else [],
        reports.failures(run.report_arns, FAILURES) if run.report_arns else [],
        Redactor(run.secrets),
    )
    ledger.append(LedgerEntry(incident.id, LedgerKind.DIAGNOSED, clock.now(), encode(diagnosis)))
    return diagnosis
