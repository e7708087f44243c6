"""decide_action: let policy decide on the remedy, and write the decision down."""

from dataclasses import dataclass, replace

from selfheal.approval_ports import Decisions
from selfheal.domain.decision import Decision, chosen, decide
from selfheal.domain.diagnosis import Diagnosis, Suggestion
from selfheal.domain.incident import Incident, IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey
from selfheal.ports import IncidentStore, Ledger
from selfheal.remedies.registry import catalogue
from selfheal.steps.estimate import Estimator
from selfheal.steps.permission import Permission
from selfheal.verify_ports import VainAttempts
from selfheal.wire import encode


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
    decisions: Decisions,
    ledger: Ledger,
    estimator: Estimator,
    permission: Permission,
    vain: VainAttempts,
) -> Decision:
    """Decide on one incident. The first decision kept stands; asking again gives it back, and writes into the ledger
    what an attempt that died has left out."""
    incident = incidents.get(request.incident_id)
    decision = decisions.of(incident)
    if decision is None:
        decision = decisions.keep(incident, _decide(request, incident, estimator, permission, vain))
    for kind, data in ((LedgerKind.SUGGESTED, request.suggestion), (LedgerKind.DECIDED, decision)):
        ledger.append(LedgerEntry(incident.id, kind, permission.clock.now(), encode(data)))
    return decision


def _decide(
    request: DecideRequest,
    incident: Incident,
    estimator: Estimator,
    permission: Permission,
    vain: VainAttempts,
) -> Decision:
    suggested = request.suggestion.remedy
    remedy = chosen(
        incident.run.key, incident.kind, request.diagnosis, suggested, catalogue(), permission.policy
    )
    now = permission.circumstances(
        incident, remedy.id, request.diagnosis.cause, estimator.foreseen(incident, remedy)
    )
    if tried := vain.of(incident.lineage, request.diagnosis.fingerprint):
        now = replace(now, vain=tried.objection(remedy))
    return decide(
        pipeline=str(incident.run.key),
        diagnosis=request.diagnosis,
        remedy=remedy,
        policy=permission.policy,
        now=now,
    )
