"""`selfheal policy`: check a policy file, and ask one what it would do."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import UsageError, readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.pipeline_key import pipeline_key
from cli.policy_explanation import Case, explain
from cli.policy_screen import explanation_document, explanation_screen
from cli.surroundings import Surroundings, surroundings_of
from cli.terminal import make_console
from local.deploy import ROOT
from local.policies import Checked, check_files, read_file
from local.policy_schema import policy_schema
from local.records import Controls, Governed
from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.policy import Mode

POLICIES = ROOT / "policy"  # of this checkout, whatever folder the command is typed in

app = typer.Typer(
    help="What a policy file says: check, explain, schema.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="Policy files.")]
Pipeline = Annotated[str, typer.Argument(metavar="PIPELINE", help="A pipeline key: codebuild:shop")]
Blamed = Annotated[
    Cause, typer.Argument(metavar="CAUSE", show_choices=False, help="A cause of the closed list: network")
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="The policy to ask. Default: the stack's, else policy/default.toml."
    ),
]
StackMode = Annotated[Mode | None, typer.Option("--mode", help="The stack's mode. Default: its own, or act.")]
Through = Annotated[
    str,
    typer.Option(
        "--through",
        metavar="NAME[/STAGE]",
        help="The CodePipeline pipeline, and stage, that started the build.",
    ),
]
Confidence = Annotated[
    float, typer.Option("--confidence", metavar="SHARE", min=0, max=1, help="Of the diagnosis.")
]
At = Annotated[
    str, typer.Option("--at", metavar="TIME", help="ISO 8601; UTC unless it says otherwise. Default: now.")
]
Permanent = Annotated[bool, typer.Option("--permanent", help="Another attempt is not expected to help.")]


@app.command(short_help="Read policy files as the deployed stack will.")
def check(files: Files, as_json: AsJson = False) -> None:
    """Read policy files as the deployed stack will; exit 1 when one cannot be deployed."""
    with readable_errors():
        checked = check_files(files)
        if as_json:
            typer.echo(json.dumps({"files": [each.as_document() for each in checked]}))
        else:
            for each in checked:
                _say(each)
    raise typer.Exit(int(any(each.problem for each in checked)))


def _say(checked: Checked) -> None:
    typer.echo(checked.in_words(), err=bool(checked.problem))
    for warning in checked.warnings:
        typer.echo(f"{checked.file}: warning: {warning}", err=True)


@app.command("explain", short_help="Say what would be done about a cause in a pipeline, and why.")
def explain_policy(
    context: typer.Context,
    pipeline: Pipeline,
    cause: Blamed,
    policy: PolicyFile = None,
    confidence: Confidence = 0.9,
    at: At = "",
    mode: StackMode = None,
    kind: Annotated[IncidentKind, typer.Option("--kind", help="The kind of incident.")] = IncidentKind.FAILED,
    suspect: Annotated[
        Suspect, typer.Option("--suspect", metavar="NAME", help="What is to blame: cache.")
    ] = Suspect.NONE,
    permanent: Permanent = False,
    through: Through = "",
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Say for each remedy that fits which rule speaks, what would be done and why.

    Offline; with a stack, by its mode and policy, and as its kill switch, budgets, cool-down and breakers stand now.
    """
    with readable_errors():
        around = surroundings_of(context)
        key, moment = pipeline_key(pipeline), _moment(at, around.clock.now())
        controls, governed = _as_it_stands(around, stack_name, local)
        ceiling = mode or governed.mode
        case = Case(key, cause, kind, suspect, not permanent, confidence, moment, ceiling, through)
        explained = explain(case, read_file(policy or file_of(governed)), controls)
        if as_json:
            typer.echo(json.dumps(explanation_document(explained)))
        else:
            make_console().print(explanation_screen(explained))


def _as_it_stands(around: Surroundings, stack_name: str, local: bool) -> tuple[Controls | None, Governed]:
    """What stops actions in the stack that was named and how it was deployed; offline nothing, and the default."""
    if not (stack_name or local):
        return None, Governed(Mode.ACT, "default")
    return around.controls(stack_name, local=local), around.governed(stack_name, local=local)


@app.command(short_help="Print the JSON schema of policy files, for editors.")
def schema() -> None:
    """Print the JSON schema of policy files, for editors: policy/policy.schema.json."""
    typer.echo(json.dumps(policy_schema(), indent=2))


def file_of(governed: Governed) -> Path:
    """Where this checkout has the policy that a stack was deployed with."""
    return POLICIES / f"{governed.policy}.toml"


def _moment(text: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if text else now
    except ValueError as error:
        raise UsageError(f"--at: {text!r} is not ISO 8601, such as 2026-12-24T18:00+01:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
