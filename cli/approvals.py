"""`selfheal approve` and `selfheal reject`: a person's answer to what Selfheal asks, under his IAM identity."""

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.errors import NotDone, UsageError, readable_errors
from cli.incidents import Id, Local, Stack, find_incident
from cli.local_cloud import AsJson
from cli.surroundings import Surroundings, surroundings_of
from cli.terminal import make_console
from selfheal.domain.approval import Answer, Approval, ApprovalStatus
from selfheal.steps.answer_approval import Reply, Statement
from selfheal.steps.question import DIGEST_SHOWN, facts
from selfheal.wire import encode

SHORTEST_PREFIX = 8
TRIES = 3

Digest = Annotated[
    str,
    typer.Option(
        "--digest",
        metavar="DIGEST",
        help="The digest you were shown, or the start of it: answers without asking again.",
    ),
]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Goes into the record.")]


def approve(
    context: typer.Context,
    incident_id: Id,
    digest: Digest = "",
    reason: Why = "",
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Approve what Selfheal asks to do about an incident: exactly what is shown, once, until it expires."""
    with readable_errors():
        around = surroundings_of(context)
        approval = _asked(around, incident_id, stack_name, local)
        if not digest and not approval.open_at(around.clock.now()):
            raise _closed(approval, as_json)
        if digest:
            _check(approval, digest)
        else:
            _confirm(approval)
        said = Statement(approval.incident_id, approval.digest, Reply.APPROVE, reason)
        _tell(said, around.approver(stack_name, local=local).answer(said), ApprovalStatus.APPROVED, as_json)


def reject(
    context: typer.Context,
    incident_id: Id,
    reason: Why,
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Reject what Selfheal asks to do about an incident. Nothing is done then, and the reason is kept."""
    with readable_errors():
        if not reason.strip():
            raise UsageError("--reason: say why")
        around = surroundings_of(context)
        approval = _asked(around, incident_id, stack_name, local)
        said = Statement(approval.incident_id, approval.digest, Reply.REJECT, reason)
        _tell(said, around.approver(stack_name, local=local).answer(said), ApprovalStatus.REJECTED, as_json)


def _asked(around: Surroundings, start: str, stack_name: str, local: bool) -> Approval:
    stores = around.records(stack_name, local=local)
    incident = find_incident(stores, start)
    approval = stores.approvals.get(incident.id)
    if approval is None:
        raise UsageError(f"incident {incident.id} asks for no approval; it is {incident.status}")
    if approval.altered:
        raise NotDone(
            f"what is stored for incident {incident.id} was altered since it was asked; nothing can be answered"
        )
    return approval


def _closed(approval: Approval, as_json: bool) -> typer.Exit:
    """Say what stands: nothing is shown for signing that can no longer be signed."""
    answer = approval.answer
    if answer.status is ApprovalStatus.PENDING:
        answer = Answer(ApprovalStatus.EXPIRED, reason=f"at {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC")
    _say(approval.incident_id, answer, as_json, already=True)
    return typer.Exit(1)


def _check(approval: Approval, digest: str) -> None:
    if len(digest) < SHORTEST_PREFIX:
        raise UsageError(f"--digest: give at least {SHORTEST_PREFIX} characters of it")
    if not approval.digest.startswith(digest):
        asked = approval.digest[:DIGEST_SHOWN]
        raise UsageError(f"--digest: what was asked has the digest {asked}; nothing was approved")


def _confirm(approval: Approval) -> None:
    """What is shown is what is signed. Typed out, because a yes is given too easily."""
    table = Table.grid(padding=(0, 2))
    for name, value in facts(approval):
        table.add_row(Text(name, "dim"), Text(value))
    make_console(stderr=True).print(table)
    try:
        typed = typer.prompt(f"Type the digest's first {SHORTEST_PREFIX} characters to approve", err=True)
    except typer.Abort as error:
        raise UsageError("nothing was approved; where nobody can be asked, say --digest") from error
    if not approval.digest.startswith(typed) or len(typed) < SHORTEST_PREFIX:
        raise UsageError("that is not the digest; nothing was approved")


def _tell(said: Statement, answer: Answer, wanted: ApprovalStatus, as_json: bool) -> None:
    """Exit code 1 when something else stands than what was said: somebody was quicker, or it had expired."""
    stood = answer.status is not wanted
    _say(said.incident_id, answer, as_json, already=stood)
    if stood:
        raise typer.Exit(1)


def _say(incident_id: str, answer: Answer, as_json: bool, *, already: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"incident_id": incident_id, **encode(answer)}))
        return
    by = f" by {answer.by}" if answer.by else ""
    why = f": {answer.reason}" if answer.reason else ""
    typer.echo(f"incident {incident_id}: {'already ' if already else ''}{answer.status}{by}{why}")
