"""A world in memory in which execute_action can be run: one failed build of ``shop`` and its incident."""

from dataclasses import dataclass, field

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.remedy_ports import Tools
from selfheal.steps.estimate import Estimator
from selfheal.steps.execute_action import ExecuteRequest, Executor
from selfheal.steps.permission import Permission
from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.builders import NOON, a_run, an_incident
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.standings import MemoryStandings
from selfheal.wire import encode

INCIDENT = an_incident()


@dataclass
class World:
    """Everything execute_action is given; change a field before running it."""

    clock: FixedClock = field(default_factory=FixedClock)
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    actions: MemoryActions = field(default_factory=MemoryActions)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    switch: MemorySwitch = field(default_factory=MemorySwitch)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    standings: MemoryStandings = field(default_factory=MemoryStandings)
    ceiling: Mode = Mode.ACT
    policy: Policy = field(default_factory=lambda: Policy("v1", Budget(), ()))
    service: FakeService = field(init=False)

    def __post_init__(self) -> None:
        self.service = FakeService(clock=self.clock)
        self.service.add(a_run())
        self.incidents.open(INCIDENT)
        self.clock.advance(120)

    def decide(self, remedy: str = "retry_build", verdict: Verdict = Verdict.ACT) -> None:
        """Write the decision that execute_action will look for."""
        decision = Decision(verdict, remedy, "policy allows it", "v1")
        self.ledger.append(LedgerEntry(INCIDENT.id, LedgerKind.DECIDED, NOON, encode(decision)))

    def execute(self, remedy: str = "retry_build", run_id: str = "shop:1", version: str = "v1") -> Action:
        """Run execute_action; the defaults ask for what ``decide`` decides by default."""
        executor = Executor(
            incidents=self.incidents,
            reader=self.service,
            tools=Tools(self.service),
            actions=self.actions,
            ledger=self.ledger,
            clock=self.clock,
            permission=Permission(self.policy, self.ceiling, self.switch, self.actions, self.clock),
            estimator=Estimator(self.runs, self.standings),
            actor="execute-action",
        )
        return executor.execute(ExecuteRequest(INCIDENT.id, run_id, remedy, version))

    def intend(self) -> None:
        """What an execution leaves that died between its intent and its call."""
        intent = Action(INCIDENT.id, "retry_build", ActionStatus.INTENDED, self.clock.now())
        self.actions.actions[INCIDENT.id] = intent

    def kinds(self) -> list[LedgerKind]:
        """The kinds of all ledger entries, in the order written."""
        return [entry.kind for entry in self.ledger.written]
