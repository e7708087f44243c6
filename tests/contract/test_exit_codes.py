"""The same mistake ends every command with the same exit code: the table in docs/operations.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError

from cli.errors import readable_errors
from cli.main import app
from cli.surroundings import RealSurroundings, outputs_of
from local.cloud import LocalCloud
from selfheal.testing.builders import an_incident
from tests.contract.transformed import ROOT
from tests.unit.cli.fakes import FakeSurroundings, run

INCIDENT = an_incident("shop:1")
# What each argument and option takes when it is right; a command is spoiled in one place at a time.
RIGHT = {
    "incident_id": INCIDENT.id,
    "pipeline": "codebuild:shop",
    "cause": "network",
    "remedy": "retry_build",
    "version": "20260115T120000Z-00000000",
    "reason": "because",
    "files": "policy/default.toml",
    "runs": "/dev/null",
    "out": "plot.png",
    "wanted": "flaky_test",
}


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


COMMANDS = list(commands(typer.main.get_command(app)))


def having(*names: str) -> list[Any]:
    """The commands with one of these parameters."""
    found = [(words, command) for words, command in COMMANDS if {p.name for p in command.params} & {*names}]
    assert found
    return [pytest.param(words, command, id=" ".join(words)) for words, command in found]


def typed(words: tuple[str, ...], command: Any, **wrong: str) -> list[str]:
    """The command line with what it must have, and with ``wrong`` in its places."""
    values = {**RIGHT, **wrong}
    needed = [p for p in command.params if p.required or p.name in wrong]
    options = [text for p in needed if p.param_type_name == "option" for text in (p.opts[0], values[p.name])]
    return [*words, *options, *(values[p.name] for p in needed if p.param_type_name == "argument")]


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    world.stores.incidents.open(INCIDENT)
    return world


@pytest.mark.parametrize(
    ("words", "command"), having("help", *(p.name for _, c in COMMANDS for p in c.params))
)
def test_an_option_that_there_is_not_is_wrong_everywhere(
    world: FakeSurroundings, words: tuple[str, ...], command: Any
) -> None:
    done = run(world, *typed(words, command), "--colour")
    assert done.exit_code == 2 and "--colour" in done.stderr


@pytest.mark.parametrize(("words", "command"), having("incident_id"))
def test_an_incident_that_there_is_not_is_wrong_everywhere(
    world: FakeSurroundings, words: tuple[str, ...], command: Any
) -> None:
    done = run(world, *typed(words, command, incident_id="ffff"))
    assert done.exit_code == 2 and "there is no incident 'ffff'" in done.stderr


@pytest.mark.parametrize(("words", "command"), having("pipeline", "pipelines"))
def test_what_is_no_pipeline_is_wrong_everywhere(
    world: FakeSurroundings, words: tuple[str, ...], command: Any
) -> None:
    done = run(world, *typed(words, command, pipeline="shop", pipelines="shop"))
    assert done.exit_code == 2 and "'shop'" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(("words", "command"), having("version"))
def test_a_version_that_there_is_not_is_wrong(
    world: FakeSurroundings, words: tuple[str, ...], command: Any
) -> None:
    assert run(world, *typed(words, command)).exit_code == 2


@pytest.mark.parametrize(("words", "command"), having("policy", "runs", "model", "jsonl"))
def test_a_file_that_cannot_be_read_is_wrong_everywhere(
    world: FakeSurroundings, words: tuple[str, ...], command: Any
) -> None:
    names = {p.name for p in command.params}
    for name in {"policy", "runs", "model", "jsonl"} & names:
        done = run(world, *typed(words, command, **{name: "/nowhere/file"}))
        assert done.exit_code == 2 and "/nowhere/file" in done.stderr, name


@dataclass
class NoSuchStack:
    """CloudFormation that knows no stack."""

    error: ClientError

    def describe_stacks(self, **_: str) -> None:
        raise self.error


class NothingRuns(RealSurroundings):
    def __init__(self, home: Path) -> None:
        super().__init__()
        self.cloud = LocalCloud(home)


@pytest.mark.parametrize("chosen", [[], ["--local"], ["--local", "--stack-name", "prod"]])
@pytest.mark.parametrize(("words", "command"), having("stack_name"))
def test_where_there_is_no_stack_to_ask_every_command_says_so_alike(
    tmp_path: Path, words: tuple[str, ...], command: Any, chosen: list[str]
) -> None:
    done = run(NothingRuns(tmp_path), *typed(words, command), *chosen)
    if words == ("policy", "explain") and not chosen:
        assert done.exit_code == 0, "it is offline unless a stack is named"
        return
    assert done.exit_code == 2
    assert done.stderr.startswith("selfheal: ") and done.stderr.count("\n") == 1


def test_a_stack_that_there_is_not_on_aws_is_wrong_and_a_refusal_is_not() -> None:
    for code, expected in (("ValidationError", 2), ("AccessDenied", 1)):
        error = ClientError({"Error": {"Code": code, "Message": "Stack with id prod ..."}}, "DescribeStacks")
        with pytest.raises(typer.Exit) as ended, readable_errors():
            outputs_of(NoSuchStack(error), "prod")
        assert ended.value.exit_code == expected


def test_the_table_is_in_the_documents() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert all(f"\n| {code} | " in page for code in (0, 1, 2, 130, 141))
