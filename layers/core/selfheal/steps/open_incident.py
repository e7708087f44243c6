"""What every way of opening an incident has in common."""

from selfheal.domain.incident import Incident, Lineage
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.measurement import Measurement
from selfheal.ports import EventBus, IncidentStore, Ledger
from selfheal.wire import encode

INCIDENT_OPENED = "Incident Opened"


def lineage_of(measurement: Measurement) -> Lineage:
    """A run that failed before its commit was known is a lineage of its own: it must not share others' budget."""
    return Lineage(measurement.pipeline, measurement.source_version or measurement.run_id)


def open_incident(
    incident: Incident, incidents: IncidentStore, ledger: Ledger, bus: EventBus, **noted: object
) -> None:
    """Store the incident unless it is there, announce it, and write it down with whatever else is ``noted``.

    The ledger's entry comes last: while it is missing, a repeated delivery announces the incident again.
    """
    if not incidents.open(incident):
        incident = incidents.get(incident.id)
    if ledger.entry(incident.id, LedgerKind.OPENED):
        return
    detail: dict[str, object] = {
        "incident_id": incident.id,
        "run_id": incident.run.run_id,
        "pipeline": str(incident.run.key),
        "kind": incident.kind.value,
    }
    bus.publish(INCIDENT_OPENED, detail)
    data = {**detail, "score": encode(incident.score), **noted}
    ledger.append(LedgerEntry(incident.id, LedgerKind.OPENED, incident.opened_at, data))
