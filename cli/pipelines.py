"""`selfheal pipelines`: how every pipeline stands, the latest activity first."""

import json
from typing import Annotated, Any

import typer

from cli.errors import readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.pipelines_screen import pipelines_table
from cli.surroundings import surroundings_of
from cli.terminal import make_console
from selfheal.domain.standing import Standing
from selfheal.wire import encode

Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many at most.")]


def pipelines(
    context: typer.Context,
    stack_name: Stack = "",
    local: Local = False,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List the pipelines: runs to compare with, the last run and its score, what was odd last, recent durations."""
    with readable_errors():
        found = surroundings_of(context).records(stack_name, local=local).standings.recent(limit)
        if as_json:
            typer.echo(json.dumps({"pipelines": [as_document(standing) for standing in found]}))
        elif found:
            make_console().print(pipelines_table(found))
        else:
            typer.echo(
                "No pipeline has a scored run yet. selfheal backfill takes the runs of the past in; "
                "the next run of a pipeline brings it here too."
            )


def as_document(standing: Standing) -> dict[str, Any]:
    """A standing as the JSON output shows it; score, level and p_value are null while there is no verdict."""
    score = standing.score if standing.ready else None
    odd = standing.odd
    return {
        "pipeline": str(standing.pipeline),
        "run_id": standing.run_id,
        "started_at": standing.started_at.isoformat(),
        "status": standing.status.value,
        "runs": standing.runs,
        "state": "ready" if standing.ready else "warming",
        "score": score and score.value,
        "level": score and score.level.value,
        "p_value": score and score.p_value,
        "shift": bool(score and score.shift),
        "odd": odd and encode(odd),
        "durations": [recent.seconds for recent in standing.recent],
    }
