"""`selfheal model`: the versions of the global model, and which of them serves."""

import json
from typing import Annotated

import typer

from cli.errors import readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.model_screen import model_table, state_of
from cli.surroundings import Surroundings, surroundings_of
from cli.terminal import make_console
from selfheal.domain.model import Champion, ModelRecord
from selfheal.steps.switch_model import ModelSwitch

app = typer.Typer(
    help="The models that scores come from: which there are, and which one serves.", no_args_is_help=True
)

Version = Annotated[
    str, typer.Argument(metavar="VERSION", help="A version, as `selfheal model list` shows it.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")]


@app.command("list")
def newest(
    context: typer.Context,
    stack_name: Stack = "",
    local: Local = False,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest versions, with what each did on the replay of recent runs before its promotion."""
    with readable_errors():
        models = surroundings_of(context).models(stack_name, local=local)
        champion, records = models.store.champion(), models.store.newest(limit)
        if as_json:
            typer.echo(json.dumps(_document(champion, records)))
        else:
            make_console().print(model_table(champion, records))


@app.command()
def promote(
    context: typer.Context,
    version: Version,
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Let this version serve. The next training compares its challenger with it."""
    with readable_errors():
        switch = _switch(surroundings_of(context), stack_name, local)
        _tell(switch.promote(version), switch.by, as_json)


@app.command()
def rollback(
    context: typer.Context, stack_name: Stack = "", local: Local = False, as_json: AsJson = False
) -> None:
    """Let the version before serve again."""
    with readable_errors():
        switch = _switch(surroundings_of(context), stack_name, local)
        _tell(switch.roll_back(), switch.by, as_json)


def _switch(around: Surroundings, stack_name: str, local: bool) -> ModelSwitch:
    models = around.models(stack_name, local=local)
    by = around.caller(stack_name, local=local)
    return ModelSwitch(models.store, models.ledger, around.clock, by)


def _tell(champion: Champion, by: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"champion": champion.version, "by": by}))
    else:
        typer.echo(f"{champion.version} serves, says {by}; warm functions follow within five minutes")


def _document(champion: Champion, records: list[ModelRecord]) -> dict[str, object]:
    """The list as JSON; null for a replay that never was."""
    return {
        "champion": champion.version,
        "models": [
            {
                "version": record.version,
                "state": state_of(record.version, champion),
                "trained_at": record.trained_at.isoformat(),
                "runs": record.runs,
                "pipelines": record.pipelines,
                "features_version": record.features_version,
                "library": record.library,
                "figures": {
                    "runs": record.figures.runs,
                    "alarms_per_1000": record.figures.alarms_per_1000,
                    "caught": record.figures.caught,
                    "ranked": record.figures.ranked,
                }
                if record.figures
                else None,
            }
            for record in records
        ],
    }
