"""`selfheal model`: the versions of the global model and of the hosted forest, and which of them serves."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from cli.errors import UsageError, readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.model_screen import model_table, state_of
from cli.surroundings import Surroundings, surroundings_of
from cli.terminal import make_console
from local.hosted import HostedModels
from local.records import Models
from selfheal.domain.errors import InvalidEvent, ModelNotFound
from selfheal.domain.model import Champion, ModelRecord, require_version
from selfheal.steps.switch_hosted import HostedSwitch
from selfheal.steps.switch_model import ModelSwitch

app = typer.Typer(
    help="The models that scores come from: list, promote, rollback.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Backend(StrEnum):
    """The two places where a shared forest can be."""

    EMBEDDED = "embedded"
    SAGEMAKER = "sagemaker"


Version = Annotated[
    str, typer.Argument(metavar="VERSION", help="A version, as `selfheal model list` shows it.")
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="How many at most.")]


@app.command("list", short_help="List the newest versions and what each did on the replay.")
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
        tables = [(models.store.champion(), models.store.newest(limit))]
        if models.hosted:
            tables.append((models.hosted.store.champion(), models.hosted.store.newest(limit)))
        if as_json:
            embedded, *hosted = [_document(*table) for table in tables]
            typer.echo(json.dumps(embedded | ({"hosted": hosted[0]} if hosted else {})))
            return
        for title, table in zip(("", "hosted on SageMaker"), tables, strict=False):
            make_console().print(model_table(*table, title=title))


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
        _require_version(version)
        around = surroundings_of(context)
        models = around.models(stack_name, local=local)
        switch = _switch(models, around, stack_name, local, hosted=_hosts(models, version))
        _tell(switch.promote(version), switch.by, as_json)


@app.command()
def rollback(
    context: typer.Context,
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
    backend: Annotated[
        Backend | None, typer.Option(help="Which of the two; the hosted one while it serves.")
    ] = None,
) -> None:
    """Let the version before serve again."""
    with readable_errors():
        around = surroundings_of(context)
        models = around.models(stack_name, local=local)
        hosted = backend is Backend.SAGEMAKER or (backend is None and _serves(models.hosted))
        switch = _switch(models, around, stack_name, local, hosted=hosted)
        _tell(switch.roll_back(), switch.by, as_json)


def _require_version(version: str) -> None:
    try:
        require_version(version)
    except InvalidEvent as error:
        raise UsageError(f"VERSION: {str(error).removeprefix('version: ')}") from error


def _hosts(models: Models, version: str) -> bool:
    """Whether a version is one of the hosted forest."""
    if models.hosted is None:
        return False
    try:
        models.hosted.store.record(version)
    except (ModelNotFound, InvalidEvent):
        return False
    return True


def _serves(hosted: HostedModels | None) -> bool:
    return hosted is not None and bool(hosted.store.champion().served)


def _switch(
    models: Models, around: Surroundings, stack_name: str, local: bool, *, hosted: bool
) -> ModelSwitch | HostedSwitch:
    by = around.caller(stack_name, local=local)
    if not hosted:
        return ModelSwitch(models.store, models.ledger, around.clock, by)
    if models.hosted is None:
        raise UsageError("this stack hosts no forest; deploy it with ScoringBackend=sagemaker")
    return HostedSwitch(models.hosted.store, models.hosted.endpoint, models.ledger, around.clock, by)


def _tell(champion: Champion, by: str, as_json: bool) -> None:
    if as_json:
        on_its_way = {"moving": champion.moving} if champion.moving else {}
        typer.echo(json.dumps({"champion": champion.version, "by": by, **on_its_way}))
    elif champion.moving:
        typer.echo(
            f"the endpoint is on its way to {champion.moving}, says {by}; the embedded forest serves until then"
        )
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
