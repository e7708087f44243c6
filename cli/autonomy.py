"""`selfheal autonomy`: what remedies have earned by their outcomes, and a person's word that gives trust back."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.errors import UsageError, readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.pipeline_key import pipeline_key
from cli.policy import Blamed, Pipeline, PolicyFile, file_of
from cli.surroundings import surroundings_of
from cli.switch import Reason, require_one_line
from cli.terminal import make_console
from local.counting import counted
from local.policies import read_file
from selfheal.domain.action import OutcomeStatus
from selfheal.domain.autonomy import Clearance, Subject, Track, Trust, trust_of
from selfheal.domain.policy import Mode
from selfheal.record_ports import TrackBoard
from selfheal.steps.earnings import rebuild as rebuild_tracks

TRIALS = 5000
INCIDENTS = 10_000

app = typer.Typer(
    help="What remedies have earned: list, clear, rebuild.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Remedy = Annotated[str, typer.Argument(metavar="REMEDY", help="A remedy of the catalogue: retry_build")]


@app.command("list", short_help="List what remedies did, held against the policy's bar.")
def earned(
    context: typer.Context,
    stack_name: Stack = "",
    local: Local = False,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """List what each remedy did per pipeline and cause, held against the policy's bar."""
    with readable_errors():
        around = surroundings_of(context)
        board = around.controls(stack_name, local=local).tracks
        file = policy or file_of(around.governed(stack_name, local=local))
        autonomy = read_file(file).autonomy
        found = [(track, trust_of(track, autonomy)) for track in _tracks(board)]
        if as_json:
            typer.echo(json.dumps({"subjects": [_as_document(*each) for each in found]}))
        elif found:
            make_console().print(_screen(found))
        else:
            typer.echo("No remedy was tried yet.")


@app.command(short_help="Let what a remedy did so far count no more.")
def clear(
    context: typer.Context,
    pipeline: Pipeline,
    cause: Blamed,
    remedy: Remedy,
    reason: Reason = "",
    stack_name: Stack = "",
    local: Local = False,
) -> None:
    """Let what a remedy did so far count no more, neither for it nor against it: a demotion ends."""
    with readable_errors():
        require_one_line(reason)
        around = surroundings_of(context)
        board = around.controls(stack_name, local=local).tracks
        subject = Subject(pipeline_key(pipeline), cause, remedy)
        if not board.track(subject).trials:
            raise UsageError(f"{subject} was never tried; `selfheal autonomy list` shows what was")
        by = around.caller(stack_name, local=local)
        board.clear(subject, Clearance(by, around.clock.now(), reason))
        typer.echo(f"{subject} begins anew, says {by}")


@app.command(short_help="Make the records anew from the ledger.")
def rebuild(context: typer.Context, stack_name: Stack = "", local: Local = False) -> None:
    """Make the track records anew from the ledger of the newest 10,000 incidents."""
    with readable_errors():
        around = surroundings_of(context)
        stores, board = around.records(stack_name, local=local), around.controls(stack_name, local=local)
        count = rebuild_tracks(stores.incidents, stores.ledger, board.tracks, INCIDENTS)
        typer.echo(f"{counted(count, 'outcome')} noted")


def _tracks(board: TrackBoard) -> list[Track]:
    subjects = dict.fromkeys(subject for subject, _ in board.recent(TRIALS))
    return sorted((board.track(subject) for subject in subjects), key=lambda track: str(track.subject))


def state_of(trust: Trust) -> str:
    """How a subject stands, in a word or two."""
    if trust.cap is not Mode.ACT:
        return f"demoted to {trust.cap}"
    return "earned" if trust.earned else "not yet"


def _screen(found: Sequence[tuple[Track, Trust]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("healed", "not", "worse", "at least", "state", "remedy, cause and pipeline; why"):
        table.add_column(column, no_wrap=not column.startswith("remedy"))
    for track, trust in found:
        cells = [str(count) for count in _counts(track).values()]
        told = Text(f"{track.subject}\n").append(trust.words, "dim")
        table.add_row(*cells, f"{track.rate.lower:.2f}", state_of(trust), told)
    return table


def _counts(track: Track) -> dict[str, int]:
    outcomes = [trial.outcome for trial in track.counted]
    telling = (OutcomeStatus.HEALED, OutcomeStatus.NOT_HEALED, OutcomeStatus.WORSE)
    return {outcome.value: outcomes.count(outcome) for outcome in telling}


def _as_document(track: Track, trust: Trust) -> dict[str, object]:
    return {
        "pipeline": str(track.subject.pipeline),
        "cause": track.subject.cause.value,
        "remedy": track.subject.remedy,
        **_counts(track),
        "lower_bound": round(track.rate.lower, 4),
        "state": state_of(trust),
        "words": trust.words,
        "cleared_by": track.cleared.by if track.cleared else None,
    }
