"""`selfheal pause`, `resume` and `status`: the kill switch, turned by a person under his own name."""

import json
from datetime import UTC
from typing import Annotated

import typer

from cli.errors import UsageError, readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.surroundings import surroundings_of
from selfheal.domain.brakes import Pause, SwitchEntry
from selfheal.wire import encode

LONGEST_REASON = 200
RECORD_SHOWN = 10

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for those who wonder: one line.")]


def pause(
    context: typer.Context,
    reason: Reason = "",
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Stop every action at once: nothing is done to any pipeline until somebody resumes."""
    with readable_errors():
        require_one_line(reason)
        around = surroundings_of(context)
        board = around.controls(stack_name, local=local).switch
        by = around.caller(stack_name, local=local)
        mine = Pause(by, around.clock.now(), reason)
        standing = board.pause(mine)
        if as_json:
            typer.echo(json.dumps({"paused": encode(standing)}))
        else:
            already = "" if standing == mine else "already "
            typer.echo(f"{_stack(stack_name)}: {already}{in_words(standing)}")


def resume(
    context: typer.Context, stack_name: Stack = "", local: Local = False, as_json: AsJson = False
) -> None:
    """Let policy decide again."""
    with readable_errors():
        around = surroundings_of(context)
        board = around.controls(stack_name, local=local).switch
        by = around.caller(stack_name, local=local)
        ended = board.resume(by, around.clock.now())
        if as_json:
            typer.echo(json.dumps({"paused": None, "ended": ended and encode(ended)}))
        elif ended:
            typer.echo(f"{_stack(stack_name)}: resumed, says {by}; it was {in_words(ended)}")
        else:
            typer.echo(f"{_stack(stack_name)}: nothing is paused")


def status(
    context: typer.Context, stack_name: Stack = "", local: Local = False, as_json: AsJson = False
) -> None:
    """Say whether actions are paused, and who turned the kill switch lately."""
    with readable_errors():
        board = surroundings_of(context).controls(stack_name, local=local).switch
        standing, record = board.paused(), board.record(RECORD_SHOWN)
        if as_json:
            entries = [encode(entry) for entry in record]
            typer.echo(json.dumps({"paused": standing and encode(standing), "record": entries}))
            return
        now = in_words(standing) if standing else "nothing is paused: policy decides"
        typer.echo(f"{_stack(stack_name)}: {now}")
        for entry in record:
            typer.echo(f"  {_line(entry)}")


def _stack(name: str) -> str:
    """Whoever forgot to name a stack while a local cloud runs must see that the other one was not stopped."""
    return name or "the local cloud"


def require_one_line(reason: str) -> None:
    """Raises UsageError for a reason that no record should hold."""
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise UsageError(f"--reason: must be one line of at most {LONGEST_REASON} characters")


def in_words(pause: Pause) -> str:
    """Who paused, since when and why."""
    why = f": {pause.reason}" if pause.reason else ""
    return f"paused by {pause.by} since {pause.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{why}"


def _line(entry: SwitchEntry) -> str:
    why = f": {entry.reason}" if entry.reason else ""
    return f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} {entry.event} by {entry.by}{why}"
