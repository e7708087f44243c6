"""`selfheal demo`: real builds that fail, and what Selfheal makes of them."""

import json
import shutil
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console

from cli.demo_screen import DemoScreen, closing_table, closing_words
from cli.errors import UsageError, readable_errors
from cli.local_cloud import AsJson
from cli.steps_screen import StepsScreen
from cli.surroundings import Surroundings, surroundings_of
from cli.terminal import make_console
from local.asking import PARAMETERS, scenario_with_you
from local.errors import ToolMissing
from local.interrupts import ending_as_interrupt
from local.result import Result
from local.scenario import Scenario, load, names

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME", help="Scenarios to play (docs/local-cloud.md). Default: the telling ones."
    ),
]
Every = Annotated[bool, typer.Option("--all", help="Play every scenario.")]
AskMe = Annotated[
    bool, typer.Option("--ask-me", help="Play the one in which a person is asked, and wait for your answer.")
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the local cloud running afterwards.")]


def demo(
    context: typer.Context,
    wanted: Names = None,
    every: Every = False,
    as_json: AsJson = False,
    keep: Keep = False,
    ask_me: AskMe = False,
) -> None:
    """Deploy Selfheal to a local cloud, let real builds go wrong there, and check what it does about each.

    Needs no AWS account and no Docker. The exit code is 1 when any scenario ends otherwise than it should.
    """
    with readable_errors(), ending_as_interrupt():
        scenarios = _chosen(wanted or [], every, ask_me)
        if not shutil.which("git"):
            raise ToolMissing("git is not on the PATH; the demo's projects are git repositories")
        console = make_console(stderr=as_json)
        surroundings = surroundings_of(context)
        results = _perform(
            surroundings, scenarios, console, keep=keep, parameters=PARAMETERS if ask_me else {}
        )
        if as_json:
            typer.echo(json.dumps({"scenarios": [as_document(result) for result in results]}))
        else:
            console.print(closing_table(results))
            console.print(closing_words(results, still_up=surroundings.cloud.status().running))
    raise typer.Exit(0 if all(result.as_expected for result in results) else 1)


def _chosen(wanted: list[str], every: bool, ask_me: bool) -> list[Scenario]:
    if bool(wanted) + every + ask_me > 1:
        raise UsageError("name scenarios, or say --all or --ask-me: one of the three")
    if ask_me:
        return [scenario_with_you()]
    scenarios = [load(name) for name in wanted or names()]
    return scenarios if wanted or every else [scenario for scenario in scenarios if scenario.telling]


def as_document(result: Result) -> dict[str, object]:
    """A result as the JSON output shows it; what is not known is null."""
    return {
        "name": result.name,
        "cause": result.cause or None,
        "decision": result.decision or None,
        "action": result.action or None,
        "outcome": result.outcome or None,
        "answer": result.answer or None,
        "builds": result.counts.builds,
        "deployments": result.counts.deployments,
        "seconds": result.seconds,
        "as_expected": result.as_expected,
        "incident_id": result.incident_id or None,
        "differences": list(result.differences),
    }


def _perform(
    surroundings: Surroundings,
    scenarios: list[Scenario],
    console: Console,
    *,
    keep: bool,
    parameters: Mapping[str, str],
) -> list[Result]:
    steps = StepsScreen(console)
    screen = DemoScreen(console, [scenario.name for scenario in scenarios])
    try:
        with surroundings.cloud.visit(steps.step, keep=keep, parameters=parameters) as state, screen:
            return surroundings.play(state, scenarios, screen.update)
    finally:
        steps.close()
