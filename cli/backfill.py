"""`selfheal backfill`: fill table and lake from the services' own histories, so that day one has a baseline."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.errors import UsageError, readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.pipeline_key import pipeline_key
from cli.surroundings import surroundings_of
from cli.terminal import make_console
from local.counting import counted
from selfheal.domain.run import PipelineKey, Service
from selfheal.steps.backfill_runs import Backfill, Fate
from selfheal.steps.backfill_runs import Progress as Done

DAY = timedelta(days=1)
NEEDS_TWO_PARTS = {Service.CODEPIPELINE: "<pipeline>/<stage>", Service.CODEDEPLOY: "<application>/<group>"}

Days = Annotated[int, typer.Option("--days", metavar="N", min=1, max=365, help="How far back.")]
Pipelines = Annotated[
    list[str],
    typer.Option(
        "--pipeline",
        metavar="KEY",
        help="Only this one, e.g. codebuild:shop, codepipeline:shop/Deploy, codedeploy:shop/prod; may be repeated.",
    ),
]
Rate = Annotated[
    float,
    typer.Option(
        "--calls-per-second",
        metavar="N",
        min=0.1,
        max=50,
        help="At most so many calls a second to each service.",
    ),
]


def backfill(
    context: typer.Context,
    days: Days = 90,
    pipelines: Pipelines = [],  # noqa: B006 (typer reads it and never changes it)
    stack_name: Stack = "",
    local: Local = False,
    calls_per_second: Rate = 5,
    as_json: AsJson = False,
) -> None:
    """Measure the runs of the past and keep them as if Selfheal had been there; opens no incident.

    Repeating it changes nothing; after an interruption it goes on where it was.
    The caller's credentials need the rights that docs/operations.md lists. The
    newest runs (an hour, or four times ReconcileMinutes) are left to the stack.
    """
    with readable_errors():
        surroundings = surroundings_of(context)
        past = surroundings.past(stack_name, local=local, only=_keys(pipelines), pace=calls_per_second)
        until = surroundings.clock.now() - past.recent
        since = until - days * DAY
        with _screen(since, until) as screen:
            work = Backfill(past.gauges, past.lake, past.quarantine, past.stored, past.standings, screen.show)
            done = work.take_in(past.runs.ended_between(since, until))
        typer.echo(json.dumps(done.fates) if as_json else summary(done))


def summary(done: Done) -> str:
    """What became of all runs, in one sentence."""
    fates = done.fates
    return (
        f"{counted(sum(fates.values()), 'run')}: {fates[Fate.STORED]} stored, {fates[Fate.KNOWN]} known already, "
        f"{fates[Fate.QUARANTINED]} set aside for numbers that cannot be, {fates[Fate.GONE]} gone."
    )


def _keys(names: Iterable[str]) -> list[PipelineKey]:
    """Raises UsageError naming what is wrong."""
    keys = [pipeline_key(name, "--pipeline") for name in names]
    for key in keys:
        first, _, second = key.name.partition("/")
        if key.service in NEEDS_TWO_PARTS and not (first and second):
            raise UsageError(f"--pipeline: {key} must be {key.service}:{NEEDS_TWO_PARTS[key.service]}")
    return keys


class _Screen:
    """A bar of days: of a service's whole history, or of one pipeline's where the service lists them one by one."""

    def __init__(self, bars: Progress, since: datetime, until: datetime) -> None:
        self._bars = bars
        self._until = until
        self._days = (until - since) / DAY
        self._of = ""
        self._task = bars.add_task("asking for runs", total=None, runs="")

    def show(self, done: Done) -> None:
        """Hear of one run more."""
        if done.pipeline is None or done.reached is None:
            return
        if self._named(done.pipeline) != self._of:
            self._of = self._named(done.pipeline)
            self._bars.reset(self._task, total=self._days, description=self._of)
        back = min((self._until - done.reached) / DAY, self._days)
        runs = f"back to {done.reached:%Y-%m-%d}, {counted(sum(done.fates.values()), 'run')}"
        self._bars.update(self._task, completed=max(back, 0), runs=runs)

    def _named(self, pipeline: PipelineKey) -> str:
        if pipeline.service is Service.CODEPIPELINE:
            return f"{pipeline.service}:{pipeline.name.partition('/')[0]}"
        return str(pipeline.service)


@contextmanager
def _screen(since: datetime, until: datetime) -> Iterator[_Screen]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[runs]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=make_console(stderr=True)) as bars:
        yield _Screen(bars, since, until)
