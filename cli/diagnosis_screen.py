"""Shows the diagnosis of one log to a person. All text from the log is printed verbatim."""

import re

from rich.console import Group
from rich.table import Table
from rich.text import Text

from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.remedy import Remedy

_SIGNATURE = re.compile(r"signature:(.+)")
_TRANSIENT = {
    True: ("another attempt can help", "green"),
    False: ("another attempt will not help", "red"),
    None: ("whether another attempt can help is not known", "yellow"),
}


def report(name: str, diagnosis: Diagnosis, remedy: Remedy, explanation: str) -> Group:
    """The finding, why, the lines that prove it with their numbers, what to do, and the remedy."""
    head = Text(name, "bold").append(": ").append(diagnosis.cause, _style(diagnosis))
    head.append(f", confidence {diagnosis.confidence:.2f}")
    body = Table.grid(padding=(0, 2))
    words, style = _TRANSIENT[diagnosis.transient]
    for title, value in (
        ("Finding", Text(diagnosis.summary)),
        ("Retry", Text(words, style)),
        ("Why", Text(_why(diagnosis))),
        ("Evidence", _evidence(diagnosis)),
        ("Advice", Text(explanation.removeprefix(diagnosis.summary.rstrip(". ") + ". "))),
        ("Remedy", Text(remedy.id, "bold").append(f" ({remedy.summary})", "default")),
        ("Fingerprint", Text(diagnosis.fingerprint, "dim")),
    ):
        body.add_row(Text(title, "dim"), value)
    return Group(head, body, Text())


def _style(diagnosis: Diagnosis) -> str:
    return "bold yellow" if diagnosis.cause is Cause.UNKNOWN else "bold red"


def _why(diagnosis: Diagnosis) -> str:
    if found := _SIGNATURE.fullmatch(diagnosis.source):
        return f"the log matches the signature {found[1]}"
    return "no signature matches the log where it failed"


def _evidence(diagnosis: Diagnosis) -> Text:
    text = Text()
    for line in diagnosis.evidence:
        text.append(f"{line.line or '-':>7} | ", "dim").append(f"{line.text}\n")
    text.rstrip()
    return text if text.plain else Text("none", "dim")
