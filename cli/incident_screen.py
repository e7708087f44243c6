"""Shows incidents: the list, and the record of one as a timeline. All text from logs is printed verbatim."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind

STYLES = {
    "healed": "green",
    "not_healed": "red",
    "unknown": "yellow",
    "escalated": "red",
    "refused": "yellow",
}


def incident_table(incidents: Sequence[Incident]) -> Table:
    """One line for each incident."""
    table = Table(box=None, pad_edge=False)
    for column in ("incident", "opened", "pipeline", "kind", "stands at"):
        table.add_column(column, overflow="fold")
    for incident in incidents:
        table.add_row(
            incident.id,
            _moment(incident.opened_at),
            str(incident.run.key),
            incident.kind,
            _words(incident.status),
        )
    return table


def timeline(incident: Incident, entries: Sequence[LedgerEntry]) -> Group:
    """The incident's head and its ledger, each entry with the seconds since it was opened."""
    head = Table.grid(padding=(0, 2))
    for name, value in (
        ("Incident", incident.id),
        ("Pipeline", str(incident.run.key)),
        ("Run", incident.run.run_id),
        ("Commit", incident.lineage.source_version or "unknown"),
        ("Opened", _moment(incident.opened_at)),
    ):
        head.add_row(Text(name, "dim"), Text(value))
    body = Table.grid(padding=(0, 2))
    for entry in entries:
        elapsed = (entry.at - incident.opened_at).total_seconds()
        body.add_row(Text(f"+{elapsed:.1f} s", "dim"), Text(_words(entry.kind), "bold"), _told(entry))
    return Group(head, Text(), body)


def _told(entry: LedgerEntry) -> Text:
    data = entry.data
    match entry.kind:
        case LedgerKind.OPENED:
            return Text(_value(data, "kind"))
        case LedgerKind.DIAGNOSED:
            return _diagnosis(data)
        case LedgerKind.SUGGESTED:
            return Text(
                f"{_value(data, 'remedy')} (by {_value(data, 'origin')}): {_value(data, 'explanation')}"
            )
        case LedgerKind.DECIDED:
            return Text(f"{_value(data, 'verdict')} {_value(data, 'remedy')}: {_value(data, 'reason')}")
        case LedgerKind.ACTION_INTENDED | LedgerKind.ACTION_STARTED | LedgerKind.ACTION_REFUSED:
            details = (_value(data, "remedy"), _value(data, "new_run_id"), _value(data, "reason"))
            return Text(" ".join(detail for detail in details if detail))
        case LedgerKind.OUTCOME:
            status = _value(data, "status")
            return Text(status, STYLES.get(status, "bold")).append(f": {_value(data, 'reason')}", "default")
        case LedgerKind.NOTIFIED:
            return Text(_value(data, "subject"))
        case LedgerKind.ESCALATED:
            where, error = _value(data, "state"), _value(data, "error")
            return Text(f"in {where}: {error}: {_value(data, 'cause')}", "red")


def _diagnosis(data: Mapping[str, object]) -> Text:
    text = Text(f"{_value(data, 'cause')} ({_value(data, 'source')}): {_value(data, 'summary')}")
    lines = data.get("evidence")
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, Mapping):
            text.append(f"\n{_value(line, 'line') or '-':>6} | {_value(line, 'text')}", "dim")
    return text


def _value(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    return "" if value in (None, 0) else str(value)


def _words(text: str) -> str:
    return text.replace("_", " ")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
