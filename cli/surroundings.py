"""What commands work on. Tests hand in their own."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import typer
from botocore.exceptions import ClientError

from cli.errors import UsageError
from local.approver import AUDIENCE_OUTPUT, FUNCTION_OUTPUT, Approver
from local.clients import client
from local.cloud import LocalCloud, Status
from local.demo import run_demo
from local.hosted import hosted_models
from local.past import Past, Place, past
from local.play import Update
from local.progress import Tell
from local.records import Controls, Governed, Models, Proof, Records, controls, models, proof, records
from local.result import Result
from local.scenario import Scenario
from local.state import CloudState
from selfheal.adapters.clock import SystemClock
from selfheal.adapters.sts import caller_of
from selfheal.domain.approval import Answer
from selfheal.domain.policy import Mode
from selfheal.domain.run import PipelineKey
from selfheal.ports import Clock
from selfheal.steps.answer_approval import Statement
from selfheal.steps.reconcile_runs import look_back

# boto3 takes longer to load than most commands to run: those that need no AWS do without.
if TYPE_CHECKING:
    from selfheal.adapters.session import Patience

TABLE_OUTPUT = "TableName"
CONTROL_OUTPUT = "ControlTableName"
BUCKET_OUTPUT = "LakeBucketName"
LEDGER_OUTPUT = "LedgerBucketName"
RECONCILE_OUTPUT = "ReconcileMinutes"
MIN_SECONDS_OUTPUT = "AnomalyMinSeconds"
NO_SUCH_STACK = "ValidationError"
MODE_OUTPUT, POLICY_OUTPUT = "Mode", "PolicyName"


class Cloud(Protocol):
    """The local cloud as commands see it; see local.cloud.LocalCloud."""

    home: Path

    def up(self, tell: Tell) -> CloudState:
        """Start and deploy. Raises LocalCloudError."""

    def down(self, tell: Tell) -> int:
        """Stop everything; gives the number of processes stopped."""

    def visit(
        self, tell: Tell, *, keep: bool, parameters: Mapping[str, str] = ...
    ) -> AbstractContextManager[CloudState]:
        """The running cloud for one demo, left or stopped afterwards. Raises LocalCloudError."""

    def status(self) -> Status:
        """How it stands."""


class Approves(Protocol):
    """Somebody who answers approvals; see local.approver.Approver."""

    def answer(self, statement: Statement) -> Answer:
        """The answer that stands. Raises ApprovalRefused, RequestRejected."""


class Surroundings(Protocol):
    """The outside world of the command."""

    @property
    def cloud(self) -> Cloud:
        """The local cloud of this checkout."""

    @property
    def clock(self) -> Clock:
        """Time."""

    def records(self, stack_name: str, *, local: bool) -> Records:
        """The records of a stack: of the local cloud, or of the named stack on AWS. Raises UsageError."""

    def proof(self, stack_name: str, *, local: bool) -> Proof:
        """The ledger of a stack in the two places it is kept, chosen the same way."""

    def controls(self, stack_name: str, *, local: bool) -> Controls:
        """What stops actions in a stack, chosen the same way."""

    def governed(self, stack_name: str, *, local: bool) -> Governed:
        """The mode and the policy file that a stack was deployed with, chosen the same way."""

    def models(self, stack_name: str, *, local: bool) -> Models:
        """The models of a stack, chosen the same way."""

    def past(self, stack_name: str, *, local: bool, only: Sequence[PipelineKey], pace: float) -> Past:
        """The past of a stack's account, of all pipelines or only these, at so many calls a second at most."""

    def min_seconds(self, stack_name: str, *, local: bool) -> float:
        """The difference in a duration that nobody minds, as that stack was deployed."""

    def caller(self, stack_name: str, *, local: bool) -> str:
        """The IAM identity by which that stack is reached."""

    def approver(self, stack_name: str, *, local: bool) -> Approves:
        """Somebody with the caller's credentials who answers that stack's approvals."""

    def play(
        self, state: CloudState, scenarios: Sequence[Scenario], tell: Callable[[Update], None]
    ) -> list[Result]:
        """Play scenarios on the running local cloud."""


class RealSurroundings:
    """The real outside world."""

    def __init__(self) -> None:
        self.cloud = LocalCloud()
        self.clock = SystemClock()

    def records(self, stack_name: str, *, local: bool) -> Records:
        """See Surroundings."""
        return records(*self._kept_in(stack_name, local))

    def proof(self, stack_name: str, *, local: bool) -> Proof:
        """See Surroundings."""
        return proof(*self._kept_in(stack_name, local))

    def controls(self, stack_name: str, *, local: bool) -> Controls:
        """See Surroundings."""
        stack = self._stack(stack_name, local)
        return controls(stack.clients("dynamodb"), stack.output(TABLE_OUTPUT), stack.output(CONTROL_OUTPUT))

    def governed(self, stack_name: str, *, local: bool) -> Governed:
        """See Surroundings."""
        stack = self._stack(stack_name, local)
        return Governed(Mode(stack.output(MODE_OUTPUT)), stack.output(POLICY_OUTPUT))

    def models(self, stack_name: str, *, local: bool) -> Models:
        """See Surroundings."""
        stack = self._stack(stack_name, local)
        clients, bucket = stack.clients, stack.output(BUCKET_OUTPUT)
        hosted = hosted_models(clients, stack.outputs, bucket)
        return models(clients("dynamodb"), stack.output(TABLE_OUTPUT), clients("s3"), bucket, hosted)

    def past(self, stack_name: str, *, local: bool, only: Sequence[PipelineKey], pace: float) -> Past:
        """See Surroundings."""
        from selfheal.adapters.session import Patience

        stack = self._stack(stack_name, local, Patience(attempts=10, adaptive=True))
        minutes = timedelta(minutes=float(stack.output(RECONCILE_OUTPUT)))
        place = Place(stack.output(TABLE_OUTPUT), stack.output(BUCKET_OUTPUT), look_back(minutes))
        return past(stack.clients, place, only, pace)

    def min_seconds(self, stack_name: str, *, local: bool) -> float:
        """See Surroundings."""
        return float(self._stack(stack_name, local).output(MIN_SECONDS_OUTPUT))

    def caller(self, stack_name: str, *, local: bool) -> str:
        """See Surroundings."""
        return caller_of(self._stack(stack_name, local).clients("sts"))

    def approver(self, stack_name: str, *, local: bool) -> Approves:
        """See Surroundings."""
        stack = self._stack(stack_name, local)
        function, audience = stack.output(FUNCTION_OUTPUT), stack.output(AUDIENCE_OUTPUT)
        return Approver(stack.clients("lambda"), stack.clients("sts"), function, audience)

    def _kept_in(self, stack_name: str, local: bool) -> tuple[Any, str, Any, str]:
        stack = self._stack(stack_name, local)
        table, bucket = stack.output(TABLE_OUTPUT), stack.output(LEDGER_OUTPUT)
        return stack.clients("dynamodb"), table, stack.clients("s3"), bucket

    def _stack(self, stack_name: str, local: bool, patience: "Patience | None" = None) -> "_Stack":
        """Without a choice, a local cloud that was started comes before AWS."""
        if local and stack_name:
            raise UsageError("--local and --stack-name exclude each other")
        if stack_name:
            from selfheal.adapters.session import Clients

            clients = Clients(patience)
            return _Stack(stack_name, clients, outputs_of(clients("cloudformation"), stack_name))
        if local or self.cloud.status().state is not None:
            state = self.cloud.running()
            return _Stack(state.stack, partial(client, state), state.outputs)
        raise UsageError(
            "no local cloud is running (selfheal local up), and no stack on AWS is named (--stack-name NAME)"
        )

    def play(
        self, state: CloudState, scenarios: Sequence[Scenario], tell: Callable[[Update], None]
    ) -> list[Result]:
        """See Surroundings."""
        return run_demo(state, self.cloud.home, scenarios, tell)


def surroundings_of(context: typer.Context) -> Surroundings:
    """The outside world that this invocation was given."""
    return cast(Surroundings, context.obj)


@dataclass(frozen=True, slots=True)
class _Stack:
    """A deployed stack: how to make clients for it, and its outputs."""

    name: str
    clients: Callable[[str], Any]
    outputs: Mapping[str, str]

    def output(self, name: str) -> str:
        """One output. Raises UsageError when the stack does not have it."""
        if name not in self.outputs:
            raise UsageError(f"the stack {self.name} has no output {name}; is it a Selfheal stack?")
        return self.outputs[name]


def outputs_of(cloudformation: Any, stack_name: str) -> dict[str, str]:
    """The outputs of a stack on AWS by name. Raises UsageError when there is no such stack."""
    try:
        reply = cloudformation.describe_stacks(StackName=stack_name)
    except ClientError as error:
        if error.response["Error"]["Code"] != NO_SUCH_STACK:
            raise
        raise UsageError(
            f"--stack-name: {error.response['Error']['Message']}, in this account and Region"
        ) from error
    return {
        output["OutputKey"]: str(output["OutputValue"]) for output in reply["Stacks"][0].get("Outputs", [])
    }
