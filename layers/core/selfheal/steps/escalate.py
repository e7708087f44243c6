"""escalate: the one exit for everything that went wrong: record it and call a person."""

from dataclasses import replace

from selfheal.approval_ports import ApprovalStore
from selfheal.diagnose.redact import Redactor
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.ports import Clock, Ledger, Notifier
from selfheal.steps.notify import message
from selfheal.steps.state import HealState
from selfheal.suggest.inert import defanged

LONGEST_CAUSE = 1000


def escalate(
    state: HealState, *, ledger: Ledger, notifier: Notifier, approvals: ApprovalStore, clock: Clock
) -> str:
    """Hand an incident to a person; gives the subject line. A second call for it tells nobody again.

    The error's text is redacted like any other: an error that nobody foresaw may quote what it choked on. A question
    that is still open is closed, for nothing would come of an answer.
    """
    subject = f"{state.pipeline} needs a person: Selfheal failed in {state.state or 'an unknown state'}"
    if not ledger.entry(state.incident_id, LedgerKind.ESCALATED):
        cause = Redactor(()).redact(state.cause)[:LONGEST_CAUSE]
        notifier.send(
            subject, f"{message(state)}\n\nError in {state.state}: {state.error}: {defanged(cause)}"
        )
        data = {"state": state.state, "error": state.error, "cause": cause}
        ledger.append(LedgerEntry(state.incident_id, LedgerKind.ESCALATED, clock.now(), data))
    _close_question(state, approvals, clock)
    return subject


def _close_question(state: HealState, approvals: ApprovalStore, clock: Clock) -> None:
    asked = approvals.get(state.incident_id)
    if asked is not None and asked.status is ApprovalStatus.PENDING:
        reason = f"Selfheal failed in {state.state}: nothing waits for an answer any more"
        closed = replace(asked, status=ApprovalStatus.REFUSED, reason=reason, answered_at=clock.now())
        approvals.answer(closed)
