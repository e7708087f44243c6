"""A world in memory in which execute_action can be run: one failed run (of the project ``shop``) and its incident."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.incident import Incident, Lineage, incident_id
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.domain.run import Run
from selfheal.remedy_ports import Tools
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.estimate import Estimator
from selfheal.steps.execute_action import ExecuteRequest, Executor
from selfheal.steps.permission import Permission
from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.approvals import MemoryApprovals, MemoryDecisions
from selfheal.testing.builders import NOON, a_run, an_incident
from selfheal.testing.deployments import FakeDeployments
from selfheal.testing.fuse import Fuse, never
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.runbooks import FakeRunbooks
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.stages import FakeStages
from selfheal.testing.standings import MemoryStandings
from selfheal.testing.tracks import MemoryTracks
from selfheal.wire import encode

INCIDENT = an_incident()


@dataclass
class World:
    """Everything execute_action is given; change a field before running it. ``fuse`` counts its calls."""

    clock: FixedClock = field(default_factory=FixedClock)
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    decisions: MemoryDecisions = field(default_factory=MemoryDecisions)
    actions: MemoryActions = field(default_factory=MemoryActions)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    switch: MemorySwitch = field(default_factory=MemorySwitch)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    standings: MemoryStandings = field(default_factory=MemoryStandings)
    approvals: MemoryApprovals = field(default_factory=MemoryApprovals)
    tracks: MemoryTracks = field(default_factory=MemoryTracks)
    harms: MemoryHarms = field(default_factory=MemoryHarms)
    alarms: MemoryAlarms = field(default_factory=MemoryAlarms)
    ceiling: Mode = Mode.ACT
    policy: Policy = field(default_factory=lambda: Policy("v1", Budget(), ()))
    run: Run = field(default_factory=a_run)
    service: FakeService = field(init=False)
    stages: FakeStages = field(init=False)
    deployments: FakeDeployments = field(init=False)
    runbooks: FakeRunbooks = field(default_factory=FakeRunbooks)
    runbook: str = ""
    incident: Incident = field(init=False)

    def __post_init__(self) -> None:
        self.service = FakeService(clock=self.clock)
        self.stages = FakeStages(clock=self.clock)
        self.deployments = FakeDeployments(clock=self.clock)
        self.service.add(self.run)
        lineage = Lineage(self.run.ref.key, self.run.source_version)
        run_id = self.run.ref.run_id
        self.incident = replace(INCIDENT, id=incident_id(run_id), run=self.run.ref, lineage=lineage)
        self.incidents.open(self.incident)
        self.clock.advance(120)

    def tools(self, guard: Callable[[Any], Any]) -> Tools:
        """What remedies work with; ``guard`` stands before every port."""
        return Tools(guard(self.service), guard(self.stages), guard(self.deployments), guard(self.runbooks))

    def decide(self, remedy: str = "retry_build", verdict: Verdict = Verdict.ACT) -> None:
        """Write the decision that execute_action will look for."""
        decision = Decision(
            verdict, remedy, "policy allows it", "v1", runbook=self.runbook, cause="flaky_test"
        )
        self.decisions.keep(self.incident, decision)
        self.ledger.append(LedgerEntry(self.incident.id, LedgerKind.DECIDED, NOON, encode(decision)))

    def execute(
        self,
        remedy: str = "retry_build",
        run_id: str = "",
        version: str = "v1",
        fuse: Fuse | None = None,
        *,
        undo: bool = False,
    ) -> Action:
        """Run execute_action; the defaults ask for what ``decide`` decides by default."""
        guard = (fuse or never()).guard
        executor = Executor(
            incidents=guard(self.incidents),
            decisions=guard(self.decisions),
            reader=guard(self.service),
            tools=self.tools(guard),
            actions=guard(self.actions),
            ledger=guard(self.ledger),
            clock=self.clock,
            permission=Permission(
                self.policy, self.ceiling, self.switch, self.actions, self.approvals, self.clock, self.tracks
            ),
            estimator=Estimator(self.runs, self.standings),
            alarm_check=AlarmCheck(guard(self.harms), guard(self.alarms), self.runs),
            actor="execute-action",
        )
        return executor.execute(
            ExecuteRequest(self.incident.id, run_id or self.run.ref.run_id, remedy, version, undo)
        )

    def intend(self) -> None:
        """What an execution leaves that died between its intent and its call."""
        intent = Action(self.incident.id, "retry_build", ActionStatus.INTENDED, self.clock.now())
        self.actions.actions[self.incident.id] = intent

    def kinds(self) -> list[LedgerKind]:
        """The kinds of all ledger entries, in the order written."""
        return [entry.kind for entry in self.ledger.written]
