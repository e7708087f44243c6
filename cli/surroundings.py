"""What commands work on. Tests hand in their own."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, cast

import typer

from cli.errors import UsageError
from local.clients import client
from local.cloud import LocalCloud, Status
from local.demo import run_demo
from local.play import Update
from local.progress import Tell
from local.records import Records, records
from local.result import Result
from local.scenario import Scenario
from local.state import CloudState
from selfheal.adapters.session import Clients

TABLE_OUTPUT = "TableName"


class Cloud(Protocol):
    """The local cloud as commands see it; see local.cloud.LocalCloud."""

    home: Path

    def up(self, tell: Tell) -> CloudState:
        """Start and deploy. Raises LocalCloudError."""

    def down(self, tell: Tell) -> int:
        """Stop everything; gives the number of processes stopped."""

    def visit(self, tell: Tell, *, keep: bool) -> AbstractContextManager[CloudState]:
        """The running cloud for one demo, left or stopped afterwards. Raises LocalCloudError."""

    def status(self) -> Status:
        """How it stands."""


class Surroundings(Protocol):
    """The outside world of the command."""

    @property
    def cloud(self) -> Cloud:
        """The local cloud of this checkout."""

    def records(self, stack_name: str, *, local: bool) -> Records:
        """The records of a stack: of the local cloud, or of the named stack on AWS. Raises UsageError."""

    def play(
        self, state: CloudState, scenarios: Sequence[Scenario], tell: Callable[[Update], None]
    ) -> list[Result]:
        """Play scenarios on the running local cloud."""


class RealSurroundings:
    """The real outside world."""

    def __init__(self) -> None:
        self.cloud = LocalCloud()

    def records(self, stack_name: str, *, local: bool) -> Records:
        """See Surroundings. Without a choice, a local cloud that was started comes before AWS."""
        if local and stack_name:
            raise UsageError("--local and --stack-name exclude each other")
        if stack_name:
            clients = Clients()
            return records(clients("dynamodb"), _table_of(clients("cloudformation"), stack_name))
        if local or self.cloud.status().state is not None:
            state = self.cloud.running()
            return records(client(state, "dynamodb"), state.outputs[TABLE_OUTPUT])
        raise UsageError("no local cloud is running; name the deployed stack: --stack-name NAME")

    def play(
        self, state: CloudState, scenarios: Sequence[Scenario], tell: Callable[[Update], None]
    ) -> list[Result]:
        """See Surroundings."""
        return run_demo(state, self.cloud.home, scenarios, tell)


def surroundings_of(context: typer.Context) -> Surroundings:
    """The outside world that this invocation was given."""
    return cast(Surroundings, context.obj)


def _table_of(cloudformation: Any, stack_name: str) -> str:
    reply = cloudformation.describe_stacks(StackName=stack_name)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in reply["Stacks"][0].get("Outputs", [])}
    if TABLE_OUTPUT not in outputs:
        raise UsageError(f"the stack {stack_name} has no output {TABLE_OUTPUT}; is it a Selfheal stack?")
    return str(outputs[TABLE_OUTPUT])
