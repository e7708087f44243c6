"""`selfheal demo`: real builds that fail, and what Selfheal makes of them."""

import json
from typing import Annotated

import typer
from rich.console import Console

from cli.demo_screen import DemoScreen, closing_table, closing_words
from cli.errors import readable_errors
from cli.local_cloud import AsJson
from cli.steps_screen import StepsScreen
from cli.surroundings import Surroundings, surroundings_of
from cli.terminal import make_console
from local.interrupts import ending_as_interrupt
from local.result import Result
from local.scenario import Scenario, load, names

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Scenarios to play; all when none is named.")
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the local cloud running afterwards.")]


def demo(context: typer.Context, wanted: Names = None, as_json: AsJson = False, keep: Keep = False) -> None:
    """Deploy Selfheal to a local cloud, let real builds go wrong there, and check what it does about each.

    Needs no AWS account and no Docker. The exit code is 1 when any scenario ends otherwise than it should.
    """
    with readable_errors(), ending_as_interrupt():
        scenarios = [load(name) for name in wanted or names()]
        console = make_console(stderr=as_json)
        results = _perform(surroundings_of(context), scenarios, console, keep)
        if as_json:
            typer.echo(json.dumps({"scenarios": [as_document(result) for result in results]}))
        else:
            console.print(closing_table(results))
            console.print(closing_words(results, keep))
    raise typer.Exit(0 if all(result.as_expected for result in results) else 1)


def as_document(result: Result) -> dict[str, object]:
    """A result as the JSON output shows it; what is not known is null."""
    return {
        "name": result.name,
        "cause": result.cause or None,
        "decision": result.decision or None,
        "action": result.action or None,
        "outcome": result.outcome or None,
        "seconds": result.seconds,
        "as_expected": result.as_expected,
    }


def _perform(
    surroundings: Surroundings, scenarios: list[Scenario], console: Console, keep: bool
) -> list[Result]:
    """Start, play, stop. Only a demo that came to its end may leave the local cloud running."""
    steps = StepsScreen(console)
    finished = False
    try:
        state = surroundings.cloud.up(steps.step)
        with DemoScreen(console, [scenario.name for scenario in scenarios]) as screen:
            results = surroundings.play(state, scenarios, screen.update)
        finished = True
        return results
    finally:
        steps.close()
        if not (finished and keep):
            surroundings.cloud.down(steps.step)
        steps.close()
