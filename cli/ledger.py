"""`selfheal ledger`: the record of an incident as evidence, and whether all records are as they were written."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.errors import UsageError, readable_errors
from cli.incidents import Id, Local, Stack, find_incident
from cli.ledger_screen import chain_screen, verdict_screen
from cli.local_cloud import AsJson
from cli.surroundings import surroundings_of
from cli.terminal import make_console
from local.account import account_of
from local.counting import counted
from selfheal.domain.chain import Archived, flaws_of
from selfheal.domain.errors import LedgerBroken
from selfheal.domain.ledger import LedgerEntry, hash_of, unseal
from selfheal.steps.verify_ledger import verify_ledger

DIGEST = re.compile(r"[0-9a-f]{64}")

app = typer.Typer(
    help="The record as evidence: show, verify.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Since = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Only incidents with an entry since this day or moment (ISO 8601, UTC).",
    ),
]
Until = Annotated[
    str,
    typer.Option(
        "--until", metavar="TIME", help="Sum up in the digest what was written until then, and nothing later."
    ),
]
Digest = Annotated[
    str,
    typer.Option(
        "--digest",
        metavar="DIGEST",
        help="Fail unless the digest is this one, printed earlier for the same --until.",
    ),
]


@app.command(short_help="Show one incident's chain: numbers, hashes, locks.")
def show(
    context: typer.Context,
    incident_id: Id,
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Show one incident's chain out of the archive: each entry's number, hash and lock, and what joins them."""
    with readable_errors():
        around = surroundings_of(context)
        incident = find_incident(around.records(stack_name, local=local), incident_id)
        proof = around.proof(stack_name, local=local)
        versions = proof.archive.versions(incident.id)
        flaws = flaws_of(incident.id, versions, proof.table.kept(incident.id), around.clock.now())
        account = account_of([entry for each in versions if (entry := _entry_of(each))])
        if as_json:
            entries = [_as_document(each) for each in versions]
            document = {"incident_id": incident.id, "account": asdict(account), "entries": entries}
            typer.echo(json.dumps({**document, "flaws": [asdict(flaw) for flaw in flaws]}))
        else:
            make_console().print(chain_screen(incident.id, account, versions, flaws))
    raise typer.Exit(1 if flaws else 0)


@app.command(short_help="Hold every record against its archive.")
def verify(
    context: typer.Context,
    stack_name: Stack = "",
    local: Local = False,
    since: Since = "",
    until: Until = "",
    digest: Digest = "",
    as_json: AsJson = False,
) -> None:
    """Hold every record against its archive; exit code 1 when an entry was changed, removed, added or reordered."""
    with readable_errors():
        if digest and not DIGEST.fullmatch(digest):
            raise UsageError("--digest: is not 64 hexadecimal digits, as an earlier verify printed them")
        begun, ended = _moment("--since", since), _moment("--until", until)
        around = surroundings_of(context)
        proof = around.proof(stack_name, local=local)
        with make_console(stderr=True).status("reading") as status:
            found = verify_ledger(
                archive=proof.archive,
                table=proof.table,
                clock=around.clock,
                since=begun,
                until=ended,
                tell=lambda count: status.update(f"{counted(count, 'incident')} verified"),
            )
        differs = bool(digest) and digest != found.digest
        if as_json:
            typer.echo(json.dumps({**asdict(found), "digest_differs": differs}))
        else:
            make_console().print(verdict_screen(found, digest, ended))
    raise typer.Exit(1 if found.flaws or differs else 0)


def _entry_of(each: Archived) -> LedgerEntry | None:
    """None for what is no entry: a flaw tells of it."""
    try:
        return unseal(each.text or "").entry
    except LedgerBroken:
        return None


def _as_document(each: Archived) -> dict[str, object]:
    """An archived entry as the JSON output shows it: its text as it is, and what the archive says of it."""
    return {
        "sequence": each.sequence,
        "hash": hash_of(each.text) if each.text is not None else None,
        "text": each.text,
        "written_at": each.written_at.isoformat(),
        "locked_until": each.locked_until.isoformat() if each.locked_until else None,
    }


def _moment(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{option}: {text!r} is neither a day (2026-01-31) nor a moment in ISO 8601"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
