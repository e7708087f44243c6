"""record_outcome: say what verifiably came of an incident, and write it down."""

from selfheal.domain.action import Action, ActionStatus, Observed, Outcome, OutcomeStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import RunStatus
from selfheal.ports import Clock, IncidentStore, Ledger
from selfheal.steps.state import HealState
from selfheal.wire import decode, encode


def record_outcome(state: HealState, *, incidents: IncidentStore, ledger: Ledger, clock: Clock) -> Outcome:
    """Record the outcome of one incident. The first one written stands; asking again gives it back."""
    incident = incidents.get(state.incident_id)
    now = clock.now()
    status, reason = judge(state.decision, state.action, state.observed)
    outcome = Outcome(status, reason, round((now - incident.opened_at).total_seconds(), 3))
    if ledger.append(LedgerEntry(incident.id, LedgerKind.OUTCOME, now, encode(outcome))):
        return outcome
    written = ledger.entry(incident.id, LedgerKind.OUTCOME)
    return decode(Outcome, written.data) if written else outcome


def judge(
    decision: Decision | None, action: Action | None, observed: Observed | None
) -> tuple[OutcomeStatus, str]:
    """The outcome and its reason, from what was decided, done and seen."""
    if decision is None:
        return OutcomeStatus.UNKNOWN, "no decision was reached"
    if decision.verdict in (Verdict.OBSERVE, Verdict.ASK):
        return OutcomeStatus.OBSERVED, f"{decision.remedy} was not carried out: {decision.reason}"
    if decision.verdict is Verdict.REFUSE:
        return OutcomeStatus.REFUSED, decision.reason
    if action is None:
        return OutcomeStatus.UNKNOWN, "the action left no trace"
    if action.status is ActionStatus.REFUSED:
        return OutcomeStatus.REFUSED, action.reason
    if action.status is ActionStatus.DONE:
        return OutcomeStatus.NOTIFIED, decision.reason
    return _judge_run(action, observed)


def _judge_run(action: Action, observed: Observed | None) -> tuple[OutcomeStatus, str]:
    if observed is None or observed.status not in set(RunStatus):
        return OutcomeStatus.UNKNOWN, f"{action.new_run_id} was not seen to end in time"
    status = RunStatus(observed.status)
    if status is RunStatus.SUCCEEDED:
        return OutcomeStatus.HEALED, f"{action.new_run_id} succeeded after {action.remedy}"
    if status.failed:
        return OutcomeStatus.NOT_HEALED, f"{action.new_run_id} ended {status} after {action.remedy}"
    return OutcomeStatus.UNKNOWN, f"{action.new_run_id} ended {status}: somebody else stopped it"
