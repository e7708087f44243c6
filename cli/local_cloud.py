"""`selfheal local`: start, stop and look at the local cloud."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from cli.errors import readable_errors
from cli.steps_screen import StepsScreen
from cli.surroundings import surroundings_of
from cli.terminal import make_console
from local.cloud import Status
from local.counting import counted
from local.interrupts import ending_as_interrupt

app = typer.Typer(
    help="The local cloud, all on this machine: up, down, status.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]


@app.command(short_help="Start it and deploy Selfheal; again, to deploy what has changed.")
def up(context: typer.Context, as_json: AsJson = False) -> None:
    """Start the local cloud and deploy Selfheal to it; again, to deploy what has changed since."""
    with readable_errors(), ending_as_interrupt():
        cloud = surroundings_of(context).cloud
        cloud.up(StepsScreen(make_console(stderr=as_json)).step)
        _print_status(cloud.status(), as_json)


@app.command(short_help="Stop it, and what a crash may have left running.")
def down(context: typer.Context, as_json: AsJson = False) -> None:
    """Stop the local cloud and everything that an earlier crash may have left running."""
    with readable_errors():
        stopped = surroundings_of(context).cloud.down(StepsScreen(make_console(stderr=as_json)).step)
        if as_json:
            typer.echo(json.dumps({"stopped": stopped}))


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Say what is running and where."""
    with readable_errors():
        found = surroundings_of(context).cloud.status()
        _print_status(found, as_json)
    raise typer.Exit(0 if found.running else 1)


def _print_status(status: Status, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**asdict(status), "running": status.running}))
        return
    if status.state is None:
        left = counted(status.processes, "process is", "processes are")
        text = f" {left} left of it: selfheal local down" if status.processes else ""
        typer.echo(f"The local cloud is not running.{text}")
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("MiniStack", status.state.ministack_url, _alive(status.ministack))
    table.add_row("Developer tools", status.state.devtools_url, _alive(status.devtools))
    table.add_row("Stack", status.state.stack, "deployed" if status.state.outputs else "not deployed")
    make_console().print(table)
    if status.problem:
        typer.echo(f"The local cloud does not work, {status.problem}. Start it anew: selfheal local up")


def _alive(answers: bool) -> str:
    return "answers" if answers else "does not answer"
