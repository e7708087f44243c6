"""Shows the ledger as evidence. All text from records is printed verbatim."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from local.account import Account
from local.counting import counted
from selfheal.domain.chain import Archived, Flaw
from selfheal.domain.errors import LedgerBroken
from selfheal.domain.ledger import hash_of, unseal
from selfheal.steps.verify_ledger import Verified

SHOWN = 12
DELETABLE = "anybody with the right may delete what is not"


def chain_screen(
    incident_id: str, account: Account, versions: Sequence[Archived], flaws: Sequence[Flaw]
) -> Group:
    """An incident's account, its chain with a line for each object, and what is wrong with it."""
    head = Table.grid(padding=(0, 2))
    for name, value in [("incident", incident_id), *account.items()]:
        head.add_row(Text(name, "dim"), Text(value))
    body = Table(box=None, pad_edge=False)
    for column in ("no.", "written (UTC)", "entry", "hash", "locked until"):
        body.add_column(column, no_wrap=True)
    for each in versions:
        until = f"{each.locked_until:%Y-%m-%d}" if each.locked_until else "not locked"
        shown = hash_of(each.text)[:SHOWN] if each.text is not None else "-"
        moment = f"{each.written_at:%Y-%m-%d %H:%M:%S}"
        body.add_row(*map(Text, (str(each.sequence), moment, _kind(each), shown, until)))
    return Group(head, Text(), body, Text(), _flaws(flaws))


def verdict_screen(found: Verified, digest: str, until: datetime | None) -> Group:
    """What was verified, and every flaw. All entries are verified; the digest is of those written ``until`` then."""
    seen = f"{counted(found.entries, 'entry', 'entries')} of {counted(found.incidents, 'incident')}"
    moment = f" of those until {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if until else ""
    lines = [Text(f"{seen}, digest{moment} {found.digest}")]
    if found.unlocked:
        lines.append(
            Text(f"{counted(found.unlocked, 'entry is', 'entries are')} not locked: {DELETABLE}", "yellow")
        )
    if digest and digest != found.digest:
        lines.append(Text(f"the digest was {digest}: entries are not the same as then", "red"))
        return Group(*lines, *([_flaws(found.flaws)] if found.flaws else []))
    return Group(*lines, _flaws(found.flaws))


def _flaws(flaws: Sequence[Flaw]) -> Text:
    if not flaws:
        return Text("every record is as it was written", "green")
    return Text("\n").join(
        Text(f"incident {flaw.incident_id}{_which(flaw)}: {flaw.words}", "red") for flaw in flaws
    )


def _which(flaw: Flaw) -> str:
    return f" entry {flaw.sequence}" if flaw.sequence else ""


def _kind(each: Archived) -> str:
    if each.text is None:
        return "deleted"
    try:
        return unseal(each.text).entry.kind.replace("_", " ")
    except LedgerBroken:
        return "no entry"
