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
from cli.surroundings import surroundings_of
from cli.terminal import make_console
from local.policies import Checked, check_files, read_file
from local.policy_schema import policy_schema
from local.records import Governed
from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.policy import Mode

app = typer.Typer(
    help="Check a policy file (check), ask it what it would do (explain), print its schema (schema).",
    no_args_is_help=True,
)

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policy files.")]
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
Confidence = Annotated[float, typer.Option("--confidence", min=0, max=1, help="Of the diagnosis.")]
At = Annotated[
    str, typer.Option("--at", metavar="TIME", help="ISO 8601; UTC unless it says otherwise. Default: now.")
]
Permanent = Annotated[bool, typer.Option("--permanent", help="Another attempt is not expected to help.")]


@app.command()
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


@app.command("explain")
def explain_policy(
    context: typer.Context,
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="A pipeline key: codebuild:shop")],
    cause: Annotated[Cause, typer.Argument(metavar="CAUSE", help="A cause of the closed list: network")],
    policy: PolicyFile = None,
    confidence: Confidence = 0.9,
    at: At = "",
    mode: StackMode = None,
    kind: Annotated[IncidentKind, typer.Option("--kind", help="The kind of incident.")] = IncidentKind.FAILED,
    suspect: Annotated[Suspect, typer.Option("--suspect", help="What is to blame.")] = Suspect.NONE,
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
        controls, governed = None, Governed(Mode.ACT, "default")
        if stack_name or local:
            controls = around.controls(stack_name, local=local)
            governed = around.governed(stack_name, local=local)
        case = Case(
            pipeline_key(pipeline),
            cause,
            kind,
            suspect,
            not permanent,
            confidence,
            _moment(at, around.clock.now()),
            mode or governed.mode,
            through,
        )
        explained = explain(case, read_file(policy or file_of(governed)), controls)
        if as_json:
            typer.echo(json.dumps(explanation_document(explained)))
        else:
            make_console().print(explanation_screen(explained))


@app.command()
def schema() -> None:
    """Print the JSON schema of policy files, for editors: policy/policy.schema.json."""
    typer.echo(json.dumps(policy_schema(), indent=2))


def file_of(governed: Governed) -> Path:
    """Where this repository has the policy that a stack was deployed with."""
    return Path("policy") / f"{governed.policy}.toml"


def _moment(text: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if text else now
    except ValueError as error:
        raise UsageError(f"--at: {text!r} is not ISO 8601, such as 2026-12-24T18:00+01:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
