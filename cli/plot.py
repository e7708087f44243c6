"""`selfheal plot`: a picture of a pipeline's durations, of what was usual, and of what was odd."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated

import typer

from cli.course import Stop, course, scored
from cli.errors import UsageError, readable_errors
from cli.incidents import Local, Stack
from cli.runs_file import MOST_SECONDS, opened, past_of_one
from cli.surroundings import Surroundings, surroundings_of
from local.counting import counted
from selfheal.detect.detector import BUDGET, WINDOW, Detector
from selfheal.detect.features import MIN_SECONDS
from selfheal.detect.model import embedded_model
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.run import PipelineKey

KINDS = (".png", ".svg")
NAMED = 10
EVERY = 10_000
EVER = datetime.max.replace(tzinfo=UTC)

Pipeline = Annotated[str, typer.Argument(metavar="PIPELINE", help="For instance codebuild:shop.")]
Out = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="Where to: a name that ends in .png or .svg.")
]
Runs = Annotated[
    Path | None,
    typer.Option(
        "--runs",
        metavar="FILE",
        help="Offline, from a file of runs in the format of selfheal score; - for stdin.",
    ),
]
Last = Annotated[int, typer.Option("--last", metavar="N", min=1, max=5000, help="How many runs at most.")]
MinSeconds = Annotated[
    float | None,
    typer.Option(
        "--min-seconds",
        metavar="SECONDS",
        min=0.1,
        max=MOST_SECONDS,
        help="With --runs: a difference that nobody minds. A stack has its own.",
    ),
]


def plot(
    context: typer.Context,
    pipeline: Pipeline,
    out: Out,
    stack_name: Stack = "",
    local: Local = False,
    runs: Runs = None,
    last: Last = 200,
    min_seconds: MinSeconds = None,
) -> None:
    """Draw a pipeline's last durations with their usual range, the odd runs and the level shifts."""
    with readable_errors():
        if out.suffix not in KINDS:
            raise UsageError(f"--out: {out} must end in .png or .svg")
        if runs is None:
            if min_seconds is not None:
                raise UsageError(
                    "--min-seconds goes with --runs; a stack has its parameter AnomalyMinSeconds"
                )
            stops = _from_stack(surroundings_of(context), pipeline, stack_name, local, last)
        elif stack_name or local:
            raise UsageError("--runs is offline: leave out --stack-name and --local")
        else:
            stops = _from_file(runs, pipeline, last, min_seconds or MIN_SECONDS)
        _draw(pipeline, stops, out)
        typer.echo(f"{out}: {counted(len(stops), 'run')} of {pipeline}")


def _draw(pipeline: str, stops: Sequence[Stop], out: Path) -> None:
    """The drawing library takes its time to import, so only who draws waits for it."""
    from cli.plot_screen import draw

    try:
        draw(pipeline, stops, out)
    except OSError as error:
        raise UsageError(f"--out: {out} cannot be written: {error.strerror}") from error


def _from_stack(
    surroundings: Surroundings, pipeline: str, stack_name: str, local: bool, last: int
) -> list[Stop]:
    records = surroundings.records(stack_name, local=local)
    found = records.runs.history(key, EVER, last + WINDOW) if (key := _key(pipeline)) else []
    if not found:
        raise _unknown(pipeline, (str(each.pipeline) for each in records.standings.recent(EVERY)))
    min_seconds = surroundings.min_seconds(stack_name, local=local)
    return course(found[::-1], last, min_seconds)


def _from_file(path: Path, pipeline: str, last: int, min_seconds: float) -> list[Stop]:
    with opened(path) as lines:
        past = past_of_one(lines, pipeline)
    if past.refused:
        typer.echo(
            f"{counted(len(past.refused), 'line was', 'lines were')} left out; the first: {past.refused[0]}",
            err=True,
        )
    if not past.runs:
        raise _unknown(pipeline, past.names)
    return course(scored(past.runs, last, Detector(embedded_model(), BUDGET, min_seconds)), last, min_seconds)


def _key(pipeline: str) -> PipelineKey | None:
    try:
        return PipelineKey.parse(pipeline)
    except InvalidEvent:
        return None


def _unknown(pipeline: str, known: Iterable[str]) -> UsageError:
    """Names those that are there, the ones that read like the wanted one first."""
    names = sorted(known, key=lambda name: (-SequenceMatcher(None, name, pipeline).ratio(), name))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    there = f"there are {', '.join(names[:NAMED])}{more}" if names else "there are none yet"
    return UsageError(f"PIPELINE: no runs of {pipeline!r} here; {there}")
