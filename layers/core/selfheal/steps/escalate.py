"""escalate: the one exit for everything that went wrong: record it and call a person."""

from selfheal.diagnose.redact import Redactor
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.ports import Clock, Ledger, Notifier
from selfheal.steps.notify import message
from selfheal.steps.state import HealState
from selfheal.suggest.inert import defanged

LONGEST_CAUSE = 1000


def escalate(state: HealState, *, ledger: Ledger, notifier: Notifier, clock: Clock) -> str:
    """Hand an incident to a person; gives the subject line. A second call for it tells nobody again.

    The error's text is redacted like any other: an error that nobody foresaw may quote what it choked on.
    """
    subject = f"{state.pipeline} needs a person: Selfheal failed in {state.state or 'an unknown state'}"
    if ledger.entry(state.incident_id, LedgerKind.ESCALATED):
        return subject
    cause = Redactor(()).redact(state.cause)[:LONGEST_CAUSE]
    notifier.send(subject, f"{message(state)}\n\nError in {state.state}: {state.error}: {defanged(cause)}")
    data = {"state": state.state, "error": state.error, "cause": cause}
    ledger.append(LedgerEntry(state.incident_id, LedgerKind.ESCALATED, clock.now(), data))
    return subject
