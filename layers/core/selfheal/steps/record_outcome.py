"""record_outcome: say what verifiably came of an incident, and write it down."""

from contextlib import suppress
from datetime import datetime

from selfheal.approval_ports import ApprovalStore
from selfheal.brake_ports import Breakers
from selfheal.domain.action import Action, ActionStatus, Observed, Outcome, OutcomeStatus
from selfheal.domain.approval import Answer, ApprovalStatus
from selfheal.domain.autonomy import TELLING
from selfheal.domain.choice import NOTIFY
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.errors import RunNotFound
from selfheal.domain.experiment import Again, Label
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import RunStatus
from selfheal.domain.verification import Vain
from selfheal.ports import Clock, IncidentStore, Ledger, RunStore
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.approval_record import expire
from selfheal.steps.earnings import Earnings
from selfheal.steps.experiments import Experiments
from selfheal.steps.review_incident import Verdict as PersonsVerdict
from selfheal.steps.review_incident import verdict_on
from selfheal.steps.state import HealState
from selfheal.verify_ports import VainAttempts
from selfheal.wire import decode, encode


def record_outcome(
    state: HealState,
    *,
    incidents: IncidentStore,
    ledger: Ledger,
    runs: RunStore,
    breakers: Breakers,
    approvals: ApprovalStore,
    experiments: Experiments,
    alarm_check: AlarmCheck,
    vain: VainAttempts,
    earnings: Earnings,
    clock: Clock,
) -> Outcome:
    """Record the outcome of one incident. The first one written stands; asking again gives it back.

    Raises AlarmsUnsettled while the alarms of a harmful deployment that was rolled back may still become quiet.

    The run of an incident that proved real is marked, so that it does not become part of what is normal. The circuit
    breaker is told whether the remedy helped, and so is its track record. What another attempt showed the failure to
    have been is noted for diagnosis and training.
    """
    incident = incidents.get(state.incident_id)
    now = clock.now()
    answer = _answered(state, approvals, ledger, clock)
    status, reason = judge(state.decision, answer, state.action, state.observed, state.examined)
    if not ledger.entry(incident.id, LedgerKind.OUTCOME):
        status, reason = alarm_check.judge(incident, state.action, (status, reason), now)
    label = experiments.label(state, incident, status)
    trust = earnings.change(state, incident, status, now)
    seconds = round((now - incident.opened_at).total_seconds(), 3)
    outcome, at = _written(incident, Outcome(status, reason, seconds, label.value, trust), ledger, now)
    if outcome.status in TELLING:
        # Another attempt went well after an action, or failed too: either way something was wrong with the run.
        _confirm(incident, ledger, runs)
        if state.action:
            healed = outcome.status is OutcomeStatus.HEALED
            breakers.feed(incident.id, incident.run.key, state.action.remedy, healed=healed, at=now)
    experiments.note(state, incident, Label(outcome.label))
    _note_vain(state, incident, vain)
    earnings.note(state, incident, outcome.status, at)
    return outcome


def _written(incident: Incident, outcome: Outcome, ledger: Ledger, now: datetime) -> tuple[Outcome, datetime]:
    """The outcome that stands and when it was written: this one, or the one that was there already."""
    if ledger.append(LedgerEntry(incident.id, LedgerKind.OUTCOME, now, encode(outcome))):
        return outcome, now
    written = ledger.entry(incident.id, LedgerKind.OUTCOME)
    return (decode(Outcome, written.data), written.at) if written else (outcome, now)


def _confirm(incident: Incident, ledger: Ledger, runs: RunStore) -> None:
    """A person who dismissed the incident knows better; a run that expired cannot be part of what is normal.

    Marked first, verdict read second: review_incident does it the other way round, so the verdict has the last word.
    """
    with suppress(RunNotFound):
        runs.mark_confirmed(incident.run.run_id, True)
        if verdict_on(incident.id, ledger) is PersonsVerdict.DISMISS:
            runs.mark_confirmed(incident.run.run_id, False)


def _note_vain(state: HealState, incident: Incident, vain: VainAttempts) -> None:
    """A second failure with the same fingerprint: nothing of the kind is tried again on this commit."""
    if state.diagnosis is None or state.action is None or state.examined is None:
        return
    if state.examined.fingerprint and state.examined.fingerprint == state.diagnosis.fingerprint:
        tried = Vain(state.action.remedy, state.action.new_run_id)
        vain.note(incident.lineage, state.diagnosis.fingerprint, tried)


def _answered(state: HealState, approvals: ApprovalStore, ledger: Ledger, clock: Clock) -> Answer | None:
    """The answer to what people were asked. An execution that stopped waiting closes the question behind it."""
    if state.approval is None or state.approval.status is not ApprovalStatus.EXPIRED:
        return state.approval
    asked = approvals.get(state.incident_id)
    if asked is None:
        return state.approval
    if asked.status is ApprovalStatus.PENDING:
        return expire(asked, approvals, ledger, clock.now()).answer
    return asked.answer


def judge(
    decision: Decision | None,
    answer: Answer | None,
    action: Action | None,
    observed: Observed | None,
    examined: Again | None = None,
) -> tuple[OutcomeStatus, str]:
    """The outcome and its reason, from what was decided, answered, done, seen and found."""
    if decision is None:
        return OutcomeStatus.UNKNOWN, "no decision was reached"
    if decision.verdict is Verdict.OBSERVE:
        return OutcomeStatus.OBSERVED, f"{decision.remedy} was not carried out: {decision.reason}"
    if decision.verdict is Verdict.REFUSE:
        return OutcomeStatus.REFUSED, decision.reason
    if action is None:
        return _judge_answer(decision, answer)
    if action.status is ActionStatus.REFUSED:
        return OutcomeStatus.REFUSED, action.reason
    if action.status is ActionStatus.DONE:
        return _judge_done(decision, action)
    return _judge_run(action, observed, examined or Again())


def _judge_answer(decision: Decision, answer: Answer | None) -> tuple[OutcomeStatus, str]:
    """An incident without an action."""
    if decision.verdict is not Verdict.ASK:
        return OutcomeStatus.UNKNOWN, "the action left no trace"
    if answer is None:
        return OutcomeStatus.UNKNOWN, "nobody was asked"
    if answer.status is ApprovalStatus.APPROVED:
        return (
            OutcomeStatus.REFUSED,
            f"{answer.by} approved {decision.remedy}, but the answer came back too late",
        )
    told = {
        ApprovalStatus.REJECTED: f"{answer.by} rejected {decision.remedy}: {answer.reason}",
        ApprovalStatus.EXPIRED: f"{decision.remedy} was not approved: {answer.reason or 'nobody answered in time'}",
    }
    return OutcomeStatus.REFUSED, told.get(answer.status, answer.reason)


def _judge_done(decision: Decision, action: Action) -> tuple[OutcomeStatus, str]:
    """An action that starts no run of a pipeline: people are told, or something is done whose end nobody reports."""
    if action.remedy == NOTIFY:
        return OutcomeStatus.NOTIFIED, decision.reason
    started = f" ({action.new_run_id})" if action.new_run_id else ""
    return (
        OutcomeStatus.UNKNOWN,
        f"{action.remedy} was carried out{started}; whether it helped, a person must see",
    )


def _judge_run(action: Action, observed: Observed | None, examined: Again) -> tuple[OutcomeStatus, str]:
    if observed is None or observed.status not in set(RunStatus):
        return OutcomeStatus.UNKNOWN, f"{action.new_run_id} was not seen to end in time"
    status = RunStatus(observed.status)
    if status is RunStatus.SUCCEEDED:
        return OutcomeStatus.HEALED, f"{action.new_run_id} succeeded after {action.remedy}"
    if status.failed and examined.worse:
        told = "; ".join(filter(None, (examined.worse, action.undo)))
        return OutcomeStatus.WORSE, f"{action.new_run_id}, started by {action.remedy}, is worse: {told}"
    if status.failed:
        return OutcomeStatus.NOT_HEALED, f"{action.new_run_id} ended {status} after {action.remedy}"
    return OutcomeStatus.UNKNOWN, f"{action.new_run_id} ended {status}: somebody else stopped it"
