"""`selfheal flaky`: the register of tests that failed and passed on the same commit."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.errors import readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.pipeline_key import pipeline_key
from cli.surroundings import surroundings_of
from cli.terminal import make_console
from local.counting import counted
from local.records import Records
from selfheal.domain.flaky import FlakyTest, flaky_tests
from selfheal.domain.run import PipelineKey
from selfheal.ports import Clock

FAILURES = 5000
RUNS = 1000

app = typer.Typer(
    help="Tests that failed and passed on the same commit: list.", no_args_is_help=True, rich_markup_mode=None
)

Pipeline = Annotated[
    str, typer.Option("--pipeline", metavar="KEY", help="Only of this pipeline, e.g. codebuild:shop.")
]


@app.command("list", short_help="List flaky tests, and what another attempt is worth.")
def flaky(
    context: typer.Context,
    stack_name: Stack = "",
    local: Local = False,
    pipeline: Pipeline = "",
    as_json: AsJson = False,
) -> None:
    """List flaky tests, the most often failed first, with what another attempt is worth."""
    with readable_errors():
        only = pipeline_key(pipeline, "--pipeline") if pipeline else None
        around = surroundings_of(context)
        found = _register(around.records(stack_name, local=local), around.clock, only)
        if as_json:
            typer.echo(json.dumps({"tests": [_as_document(test) for test in found]}))
        elif found:
            make_console().print(_screen(found))
        else:
            typer.echo("No test is known to have failed and passed on the same commit.")


def _register(stores: Records, clock: Clock, only: PipelineKey | None) -> list[FlakyTest]:
    failures = [each for each in stores.failures.with_tests(FAILURES) if only in (None, each.pipeline)]
    runs = {
        pipeline: [run.measurement for run in stores.runs.history(pipeline, clock.now(), RUNS)]
        for pipeline in {each.pipeline for each in failures}
    }
    return flaky_tests(failures, runs)


def _screen(tests: Sequence[FlakyTest]) -> Table:
    """Two lines for each test: its name, then where and how often."""
    table = Table(box=None, pad_edge=False)
    for column in ("failed", "passed", "test, and what another attempt did"):
        table.add_column(column, no_wrap=not column.startswith("test"))
    for each in tests:
        low, high = each.again.interval
        commits, tries = counted(each.commits, "commit"), counted(each.again.tries, "time")
        told = f"{each.pipeline}, {commits}; another attempt passed {each.again.successes} of "
        told += f"{tries} ({low:.0%} to {high:.0%}); since {each.first_seen:%Y-%m-%d}"
        table.add_row(str(each.failed), str(each.passed), Text(f"{each.test}\n").append(told, "dim"))
    return table


def _as_document(test: FlakyTest) -> dict[str, object]:
    low, high = test.again.interval
    return {
        "pipeline": str(test.pipeline),
        "test": test.test,
        "owner_hint": test.owner_hint,
        "failed": test.failed,
        "passed": test.passed,
        "commits": test.commits,
        "passed_again": test.again.successes,
        "tried_again": test.again.tries,
        "rate": round(test.again.share, 4),
        "rate_low": round(low, 4),
        "rate_high": round(high, 4),
        "first_seen": test.first_seen.isoformat(),
        "last_seen": test.last_seen.isoformat(),
    }
