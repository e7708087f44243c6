"""decide_action: let policy decide on the remedy, and write the decision down."""

from dataclasses import dataclass

from selfheal.domain.decision import Decision, decide
from selfheal.domain.diagnosis import Diagnosis, Suggestion
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.run import PipelineKey
from selfheal.ports import ActionStore, Clock, IncidentStore, Ledger
from selfheal.remedies.registry import catalogue
from selfheal.wire import decode, encode


@dataclass(frozen=True, slots=True)
class DecideRequest:
    """What DecideAction is given."""

    incident_id: str
    run_id: str
    pipeline: PipelineKey
    kind: IncidentKind
    diagnosis: Diagnosis
    suggestion: Suggestion


def decide_action(
    request: DecideRequest,
    *,
    incidents: IncidentStore,
    actions: ActionStore,
    ledger: Ledger,
    clock: Clock,
    policy: Policy,
    ceiling: Mode,
) -> Decision:
    """Decide on one incident. The first decision written stands; asking again gives it back."""
    incident = incidents.get(request.incident_id)
    if decided := decision_on(incident.id, ledger):
        return decided
    now = clock.now()
    decision = decide(
        pipeline=str(incident.run.key),
        diagnosis=request.diagnosis,
        suggested=request.suggestion.remedy,
        catalogue=catalogue(),
        policy=policy,
        ceiling=ceiling,
        spent=actions.spent(incident.lineage, now),
        kind=incident.kind,
    )
    ledger.append(LedgerEntry(incident.id, LedgerKind.SUGGESTED, now, encode(request.suggestion)))
    if ledger.append(LedgerEntry(incident.id, LedgerKind.DECIDED, now, encode(decision))):
        return decision
    return decision_on(incident.id, ledger) or decision


def decision_on(incident_id: str, ledger: Ledger) -> Decision | None:
    """The decision in the ledger, None while there is none."""
    entry = ledger.entry(incident_id, LedgerKind.DECIDED)
    return decode(Decision, entry.data) if entry else None
