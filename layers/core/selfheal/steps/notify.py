"""notify: tell people, once an incident, in plain text, facts first."""

from selfheal.domain.action import OutcomeStatus
from selfheal.domain.approval import Answer
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.ports import Clock, Ledger, Notifier
from selfheal.steps.state import HealState
from selfheal.suggest.inert import defanged

HEADLINES = {
    OutcomeStatus.HEALED: "healed",
    OutcomeStatus.NOT_HEALED: "not healed",
    OutcomeStatus.WORSE: "worse than before",
    OutcomeStatus.UNKNOWN: "outcome unknown",
    OutcomeStatus.NOTIFIED: "needs a person",
    OutcomeStatus.OBSERVED: "observed, nothing done",
    OutcomeStatus.REFUSED: "not acted on",
}


def notify(state: HealState, *, ledger: Ledger, notifier: Notifier, clock: Clock) -> str:
    """Tell people how an incident ended; gives the subject line. A second call for it tells nobody again."""
    subject = subject_line(state)
    if ledger.entry(state.incident_id, LedgerKind.NOTIFIED):
        return subject
    notifier.send(subject, message(state))
    data = {"subject": subject}
    ledger.append(LedgerEntry(state.incident_id, LedgerKind.NOTIFIED, clock.now(), data))
    return subject


def subject_line(state: HealState) -> str:
    """What a person sees first: how it ended, where, and why."""
    ending = HEADLINES[state.outcome.status] if state.outcome else "in trouble"
    return f"{state.pipeline} {ending}{_because(state)}"


def _because(state: HealState) -> str:
    if state.kind is IncidentKind.ANOMALOUS:
        return " (anomalous)"
    if state.kind is IncidentKind.HARMFUL:
        return " (harming users)"
    return f" ({state.diagnosis.cause})" if state.diagnosis else ""


def message(state: HealState) -> str:
    """The text: what was established by rule first, what a model wrote last and marked as such.

    Much of it comes out of logs, so nothing in it can be clicked and nobody in it is mentioned.
    """
    return defanged("\n".join(_lines(state)))


def _by(answer: Answer) -> str:
    return f"by {answer.by}" if answer.by else answer.reason


def _lines(state: HealState) -> list[str]:
    lines = [f"Run:       {state.run_id}", f"Incident:  {state.incident_id}"]
    if state.diagnosis:
        lines.append(f"Diagnosis: {state.diagnosis.summary} (confidence {state.diagnosis.confidence:.2f})")
        lines += [f"    {e.line or '-':>6} | {e.text}" for e in state.diagnosis.evidence]
    if state.decision:
        lines.append(f"Decision:  {state.decision.verdict} {state.decision.remedy}: {state.decision.reason}")
    if state.approval:
        lines.append(f"Approval:  {state.approval.status} {_by(state.approval)}".rstrip())
    lines += _doings(state)
    if state.suggestion:
        by_model = state.suggestion.origin != "catalogue"
        lines += ["", "Written by a model, not verified:" if by_model else "What to do:"]
        lines.append(state.suggestion.explanation)
    return lines


def _doings(state: HealState) -> list[str]:
    """What was done, and what came of it."""
    lines = []
    if state.action and state.action.new_run_id:
        lines.append(f"Action:    {state.action.remedy} started {state.action.new_run_id}")
    if state.action and state.action.undo:
        lines.append(f"Undo:      {state.action.undo}")
    if state.examined and state.examined.summary:
        lines.append(f"Again:     {state.examined.summary}")
    if state.outcome:
        lines.append(f"Outcome:   {state.outcome.status}: {state.outcome.reason}")
    if state.outcome and state.outcome.trust:
        lines.append(f"Trust:     {state.outcome.trust}")
    return lines
