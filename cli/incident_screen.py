"""Shows incidents: the list, and the record of one as a timeline. All text from logs is printed verbatim."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from local.story import Story
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind

Data = Mapping[str, object]
Teller = Callable[[Data], Text]
STYLES = {
    "healed": "green",
    "not_healed": "red",
    "unknown": "yellow",
    "escalated": "red",
    "refused": "yellow",
}


def incident_table(incidents: Sequence[tuple[Incident, Story]]) -> Table:
    """Two short lines for each incident: where and when, then its story; how it stands while it has no outcome."""
    table = Table(box=None, pad_edge=False)
    for column in ("incident", "opened (UTC)", "pipeline, and what came of it"):
        table.add_column(column, no_wrap=column != "pipeline, and what came of it")
    for incident, story in incidents:
        outcome = story.outcome or _words(incident.status)
        told = Text(f"{incident.run.key}\n").append(story.oddity or story.cause or "-")
        told.append(f" → {story.action or '-'} → ").append(_words(outcome), STYLES.get(outcome, ""))
        table.add_row(incident.id, _moment(incident.opened_at), told)
    return table


def timeline(incident: Incident, entries: Sequence[LedgerEntry]) -> Group:
    """The incident's head and its ledger, each entry with the seconds since it was opened."""
    head = Table.grid(padding=(0, 2))
    for name, value in (
        ("Incident", incident.id),
        ("Pipeline", str(incident.run.key)),
        ("Run", incident.run.run_id),
        ("Commit", incident.lineage.source_version or "unknown"),
        ("Opened", f"{_moment(incident.opened_at)} UTC"),
    ):
        head.add_row(Text(name, "dim"), Text(value))
    body = Table.grid(padding=(0, 2))
    body.add_column(no_wrap=True)
    body.add_column(no_wrap=True)
    body.add_column(overflow="fold")  # ids and digests are there to be copied whole
    for entry in entries:
        elapsed = (entry.at - incident.opened_at).total_seconds()
        body.add_row(Text(f"+{elapsed:.1f} s", "dim"), Text(_words(entry.kind), "bold"), _told(entry))
    return Group(head, Text(), body)


def _told(entry: LedgerEntry) -> Text:
    tellers: dict[LedgerKind, Teller] = {
        LedgerKind.OPENED: _opened,
        LedgerKind.DIAGNOSED: _diagnosis,
        LedgerKind.SUGGESTED: _suggestion,
        LedgerKind.DECIDED: _decision,
        LedgerKind.APPROVAL_REQUESTED: _asked,
        LedgerKind.APPROVED: _answered,
        LedgerKind.REJECTED: _answered,
        LedgerKind.APPROVAL_EXPIRED: _answered,
        LedgerKind.OUTCOME: _outcome,
        LedgerKind.NOTIFIED: lambda data: Text(_value(data, "subject")),
        LedgerKind.ESCALATED: _escalation,
        LedgerKind.CONFIRMED: _verdict,
        LedgerKind.DISMISSED: _verdict,
    }
    return tellers.get(entry.kind, _action)(entry.data)


def _opened(data: Data) -> Text:
    alarm = _value(data, "alarm")
    return Text(_value(data, "kind") + (f": alarm {alarm} went off" if alarm else ""))


def _suggestion(data: Data) -> Text:
    """Who says it, what it cost where a model was asked, and why the catalogue spoke where a model did not."""
    by = ", ".join(filter(None, (f"by {_value(data, 'origin')}", _spending(data))))
    text = Text(f"{_value(data, 'remedy')} ({by}): {_value(data, 'explanation')}")
    if reason := _value(data, "reason"):
        text.append(f"\nno model: {reason}", "dim")
    return text


def _spending(data: Data) -> str:
    counts = [value for key in ("input_tokens", "output_tokens") if isinstance(value := data.get(key), int)]
    if not sum(counts):
        return ""
    cost = data.get("cost_usd")
    return f"{sum(counts):,} tokens, " + (
        f"${cost:.5f}" if isinstance(cost, int | float) else "price unknown"
    )


def _decision(data: Data) -> Text:
    return Text(f"{_value(data, 'verdict')} {_value(data, 'remedy')}: {_value(data, 'reason')}")


def _asked(data: Data) -> Text:
    """What people were asked, so that it can be held against what was done."""
    plan = data.get("plan")
    target = _value(plan, "target") if isinstance(plan, Mapping) else ""
    until = _value(data, "expires_at")[:19].replace("T", " ")
    text = Text(f"{_value(data, 'remedy')} of {target}, until {until} UTC")
    return text.append(f"\ndigest {_value(data, 'digest')}", "dim")


def _answered(data: Data) -> Text:
    by = f"by {_value(data, 'by')}" if data.get("by") else ""
    return Text(": ".join(filter(None, (by, _value(data, "reason")))))


def _action(data: Data) -> Text:
    return Text(
        " ".join(filter(None, (_value(data, key) for key in ("remedy", "new_run_id", "reason", "undo"))))
    )


def _outcome(data: Data) -> Text:
    status = _value(data, "status")
    return Text(status, STYLES.get(status, "bold")).append(f": {_value(data, 'reason')}", "default")


def _escalation(data: Data) -> Text:
    where = f"in {_value(data, 'state')}"
    return Text(f"{where}: {_value(data, 'error')}: {_value(data, 'cause')}", "red")


def _verdict(data: Data) -> Text:
    return Text(f"by {_value(data, 'by')}")


def _diagnosis(data: Data) -> Text:
    text = Text(f"{_value(data, 'cause')} ({_value(data, 'source')}): {_value(data, 'summary')}")
    lines = data.get("evidence")
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, Mapping):
            text.append(f"\n{_place(line)}{_value(line, 'text')}", "dim")
    return text


def _place(line: Data) -> str:
    """The number of a log's line; what a test report or a metric says has none."""
    number = _value(line, "line")
    return f"{number:>6} | " if number else "  "


def _value(data: Data, key: str) -> str:
    value = data.get(key)
    return "" if value in (None, 0) else str(value)


def _words(text: str) -> str:
    return text.replace("_", " ")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
