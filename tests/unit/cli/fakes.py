"""The outside world of the command, made up; and how tests call it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner
from typer.testing import Result as Invoked

from cli.errors import UsageError
from cli.main import app
from cli.surroundings import Surroundings
from local.cloud import Status
from local.past import Past
from local.play import Update
from local.progress import Stage, Step, Tell
from local.records import Controls, Governed, Models, Proof, Records
from local.result import Result
from local.scenario import Scenario
from local.state import CloudState
from selfheal.domain.approval import Answer
from selfheal.domain.policy import Mode
from selfheal.domain.run import PipelineKey
from selfheal.steps.answer_approval import Answerer, SignedStatement, Statement
from selfheal.steps.measure_run import Gauges
from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.approvals import ACCOUNT, FakeIdentities, MemoryApprovals, proof_of
from selfheal.testing.archive import MemoryArchive, MemoryLedgerTable
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.memory import (
    MemoryBus,
    MemoryIncidents,
    MemoryLake,
    MemoryLedger,
    MemoryQuarantine,
    MemoryRuns,
)
from selfheal.testing.models import MemoryModelLedger, MemoryModels
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.standings import MemoryStandings
from selfheal.testing.tracks import MemoryTracks

STATE = CloudState("http://127.0.0.1:1", "http://127.0.0.1:2", pids={}, outputs={"TableName": "t"})
NONE: Mapping[str, str] = {}
ANN = "arn:aws:sts::111122223333:assumed-role/developer/ann"


@dataclass
class FakeCloud:
    home: Path = Path("/nowhere")
    ups: int = 0
    downs: int = 0
    problem: BaseException | None = None
    parameters: dict[str, str] = field(default_factory=dict)

    def up(self, tell: Tell) -> CloudState:
        self.ups += 1
        tell(Step("build", Stage.DONE, "sam build, 3 s"))
        if self.problem:
            raise self.problem
        return STATE

    def down(self, tell: Tell) -> int:
        self.downs += 1
        return 2

    @contextmanager
    def visit(self, tell: Tell, *, keep: bool, parameters: Mapping[str, str] = NONE) -> Iterator[CloudState]:
        self.parameters = dict(parameters)
        stays = False
        try:
            yield self.up(tell)
            stays = keep
        finally:
            if not stays:
                self.down(tell)

    def status(self) -> Status:
        up = self.ups > self.downs
        return Status(STATE if up else None, ministack=up, devtools=up, processes=2 if up else 0)


def memory_records() -> Records:
    stores = (MemoryIncidents(), MemoryLedger(), MemoryRuns(), MemoryStandings())
    return Records(*stores, MemoryApprovals(), MemoryFailures())


@dataclass
class FakeApprover:
    """Ann, whose statements the stack hears without Lambda and STS between."""

    stores: Records
    clock: FixedClock

    def answer(self, statement: Statement) -> Answer:
        answerer = Answerer(
            approvals=self.stores.approvals,
            ledger=self.stores.ledger,
            identities=FakeIdentities(),
            bus=MemoryBus(),
            clock=self.clock,
            audience="t",
            account=ACCOUNT,
            approvers=(),
        )
        return answerer.answer(SignedStatement(statement, proof_of(ANN, statement.to("t"))))


@dataclass
class FakeSurroundings:
    cloud: FakeCloud = field(default_factory=FakeCloud)
    stores: Records = field(default_factory=memory_records)
    differences: list[str] = field(default_factory=list)
    problem: BaseException | None = None
    asked: list[tuple[str, bool]] = field(default_factory=list)
    evidence: Proof = field(default_factory=lambda: Proof(MemoryArchive(), MemoryLedgerTable()))
    brakes: Controls = field(
        default_factory=lambda: Controls(MemorySwitch(), MemoryActions(), MemoryTracks())
    )
    deployed: Governed = field(default_factory=lambda: Governed(Mode.ACT, "default"))
    versions: Models = field(default_factory=lambda: Models(MemoryModels(), MemoryModelLedger()))
    clock: FixedClock = field(default_factory=FixedClock)
    service: FakeService = field(default_factory=FakeService)
    lake: MemoryLake = field(default_factory=MemoryLake)
    wanted: list[tuple[list[PipelineKey], float]] = field(default_factory=list)

    def records(self, stack_name: str, *, local: bool) -> Records:
        self.asked.append((stack_name, local))
        if local and stack_name:
            raise UsageError("--local and --stack-name exclude each other")
        return self.stores

    def proof(self, stack_name: str, *, local: bool) -> Proof:
        self.asked.append((stack_name, local))
        return self.evidence

    def controls(self, stack_name: str, *, local: bool) -> Controls:
        self.asked.append((stack_name, local))
        return self.brakes

    def governed(self, stack_name: str, *, local: bool) -> Governed:
        return self.deployed

    def models(self, stack_name: str, *, local: bool) -> Models:
        self.asked.append((stack_name, local))
        return self.versions

    def past(self, stack_name: str, *, local: bool, only: Sequence[PipelineKey], pace: float) -> Past:
        self.asked.append((stack_name, local))
        self.wanted.append((list(only), pace))
        service = self.service
        gauges = Gauges(service, service, service, service)
        recent = timedelta(hours=1)
        stores = self.stores
        return Past(service, gauges, self.lake, MemoryQuarantine(), stores.runs, stores.standings, recent)

    def min_seconds(self, stack_name: str, *, local: bool) -> float:
        return 10.0

    def caller(self, stack_name: str, *, local: bool) -> str:
        return ANN

    def approver(self, stack_name: str, *, local: bool) -> FakeApprover:
        return FakeApprover(self.stores, self.clock)

    def play(
        self, state: CloudState, scenarios: Sequence[Scenario], tell: Callable[[Update], None]
    ) -> list[Result]:
        assert state is STATE
        if self.problem:
            raise self.problem
        for scenario in scenarios:
            tell(Update(scenario.name, "opened", "failed"))
        return [
            Result(
                name=scenario.name,
                title=scenario.title,
                incident_id="0123456789abcdef",
                cause=scenario.truth.cause,
                decision=scenario.truth.decision,
                action=scenario.truth.action,
                outcome=scenario.truth.outcome,
                seconds=1.5,
                differences=self.differences,
            )
            for scenario in scenarios
        ]


def run(world: Surroundings, *arguments: str, typed: str = "") -> Invoked:
    return CliRunner().invoke(app, list(arguments), obj=world, input=typed)
