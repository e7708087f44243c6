"""`selfheal score`: say how odd runs are, from a file of them. Offline, streaming, one line out for each line in."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import UsageError, readable_errors
from cli.runs_file import MOST_SECONDS, opened, read_row
from local.counting import counted
from selfheal.detect.detector import BUDGET, Detector
from selfheal.detect.features import MIN_SECONDS
from selfheal.detect.model import GlobalModel, embedded_model, load
from selfheal.detect.stream import StreamScorer
from selfheal.domain.errors import InvalidEvent, ModelRefused

Runs = Annotated[
    Path,
    typer.Option(
        "--runs", metavar="FILE", help="One run as JSON a line, oldest first; - for standard input."
    ),
]
Budget = Annotated[
    float, typer.Option("--budget", metavar="N", min=0.1, max=100, help="False alarms wanted per 1,000 runs.")
]
MinSeconds = Annotated[
    float,
    typer.Option(
        "--min-seconds",
        metavar="SECONDS",
        min=0.1,
        max=MOST_SECONDS,
        help="A difference in a duration that nobody minds.",
    ),
]
ModelFile = Annotated[
    Path | None, typer.Option("--model", metavar="FILE", help="A trained model instead of the embedded one.")
]


def score(
    runs: Runs, budget: Budget = BUDGET, min_seconds: MinSeconds = MIN_SECONDS, model: ModelFile = None
) -> None:
    """Say how odd each run is, compared with the runs of its pipeline before it. Needs no AWS and no credentials."""
    with readable_errors():
        scorer = StreamScorer(Detector(_model(model), budget, min_seconds))
        states: Counter[str] = Counter()
        with opened(runs) as lines:
            for document in scored(lines, scorer):
                print(json.dumps(document), flush=True)
                states.update([document["state"]])
        if states["refused"]:
            typer.echo(
                f'{states["refused"]} of {counted(states.total(), "run")} could not be scored; see "error"',
                err=True,
            )


def scored(lines: Iterable[bytes], scorer: StreamScorer) -> Iterator[dict[str, Any]]:
    """For each run its score, in order; for one that cannot be read or believed its error, with state ``refused``.

    Blank lines are skipped. A refused run is left out of its pipeline's past, so it spoils nobody's score.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        run: Any = None
        try:
            run = read_row(line)
            yield scorer.score(run)
        except InvalidEvent as error:
            yield {
                "run_id": _name(run, "run_id"),
                "pipeline": _name(run, "pipeline"),
                "state": "refused",
                "score": 0.0,
                "p_value": 1.0,
                "anomalous": False,
                "level": "none",
                "blame": [],
                "shift": False,
                "error": f"line {number}: {error}",
            }


def _name(run: object, field: str) -> str | int | None:
    """What a refused run calls itself, None for what is no name; the reason says what stands there."""
    value = run.get(field) if isinstance(run, dict) else None
    return value if isinstance(value, str | int) else None


def _model(path: Path | None) -> GlobalModel:
    if path is None:
        return embedded_model()
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ModelRefused as error:
        raise UsageError(f"{path}: {error}") from error
