"""decide_action: let policy decide on the remedy, and write the decision down."""

from dataclasses import dataclass, replace

from selfheal.domain.decision import Decision, chosen, decide
from selfheal.domain.diagnosis import Diagnosis, Suggestion
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey
from selfheal.ports import IncidentStore, Ledger
from selfheal.remedies.registry import catalogue
from selfheal.steps.estimate import Estimator
from selfheal.steps.permission import Permission
from selfheal.verify_ports import VainAttempts
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
    ledger: Ledger,
    estimator: Estimator,
    permission: Permission,
    vain: VainAttempts,
) -> Decision:
    """Decide on one incident. The first decision written stands; asking again gives it back."""
    incident = incidents.get(request.incident_id)
    if decided := decision_on(incident.id, ledger):
        return decided
    suggested = request.suggestion.remedy
    remedy = chosen(
        incident.run.key, incident.kind, request.diagnosis, suggested, catalogue(), permission.policy
    )
    now = permission.circumstances(
        incident, remedy.id, request.diagnosis.cause, estimator.foreseen(incident, remedy)
    )
    if tried := vain.of(incident.lineage, request.diagnosis.fingerprint):
        now = replace(now, vain=tried.objection(remedy))
    decision = decide(
        pipeline=str(incident.run.key),
        diagnosis=request.diagnosis,
        remedy=remedy,
        policy=permission.policy,
        now=now,
    )
    ledger.append(LedgerEntry(incident.id, LedgerKind.SUGGESTED, now.at, encode(request.suggestion)))
    if ledger.append(LedgerEntry(incident.id, LedgerKind.DECIDED, now.at, encode(decision))):
        return decision
    return decision_on(incident.id, ledger) or decision


def decision_on(incident_id: str, ledger: Ledger) -> Decision | None:
    """The decision in the ledger, None while there is none."""
    entry = ledger.entry(incident_id, LedgerKind.DECIDED)
    return decode(Decision, entry.data) if entry else None
