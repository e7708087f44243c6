"""The steps from decision to outcome on one set of stores, with a CodeBuild that watches who calls it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from selfheal.approval_ports import ApprovalStore, Decisions
from selfheal.brake_ports import Breakers, SwitchBoard
from selfheal.domain.action import Action, Observed, Outcome
from selfheal.domain.approval import Approval
from selfheal.domain.decision import Decision
from selfheal.domain.diagnosis import Cause, Diagnosis, Suggestion
from selfheal.domain.incident import Incident, IncidentKind, Lineage, incident_id
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.run import PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.ports import ActionStore, IncidentStore, Ledger
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.answer_approval import Answerer, Reply, SignedStatement, Statement
from selfheal.steps.decide_action import DecideRequest, decide_action
from selfheal.steps.earnings import Earnings
from selfheal.steps.estimate import Estimator
from selfheal.steps.execute_action import ExecuteRequest, Executor
from selfheal.steps.experiments import Experiments
from selfheal.steps.permission import Permission
from selfheal.steps.record_outcome import record_outcome
from selfheal.steps.request_approval import ApprovalRequest, Asker
from selfheal.steps.state import HealState
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.approvals import ACCOUNT, FakeIdentities, proof_of
from selfheal.testing.builders import a_measurement, a_run, an_incident
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.fuse import Fuse, never
from selfheal.testing.labels import MemoryLabels
from selfheal.testing.memory import MemoryBus, MemoryRuns
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.standings import MemoryStandings
from selfheal.testing.toolbox import fake_tools
from selfheal.testing.tracks import MemoryTracks
from selfheal.testing.vain import MemoryVain
from selfheal.testing.waiters import MemoryWaiters

SMALL = "BUILD_GENERAL1_SMALL"
NETWORK = Diagnosis(Cause.NETWORK, True, 0.9, "signature:x", "f", "the network failed")
SUGGESTION = Suggestion("retry_build", "again", "catalogue")
WAIT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Kept:
    """The stores that make the guarantees."""

    incidents: IncidentStore
    ledger: Ledger
    actions: ActionStore
    breakers: Breakers
    switch: SwitchBoard
    approvals: ApprovalStore
    decisions: Decisions


@dataclass
class WatchedService(FakeService):
    """CodeBuild that tells of every build it is made to start, the moment before it does."""

    watch: Callable[[str], None] = lambda run_id: None

    def _start(self, how: str, run: Run, token: str) -> str:
        if token not in self.tokens:
            self.watch(run.ref.run_id)
        return super()._start(how, run, token)


@dataclass
class GovernedWorld:
    """One step each for the states of the heal machine; ``policy`` and ``ceiling`` are those now deployed."""

    kept: Kept
    policy: Policy
    ceiling: Mode = Mode.ACT
    clock: FixedClock = field(default_factory=FixedClock)
    service: WatchedService = field(init=False)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    bus: MemoryBus = field(default_factory=MemoryBus)
    waiters: MemoryWaiters = field(default_factory=MemoryWaiters)

    def __post_init__(self) -> None:
        self.service = WatchedService(clock=self.clock)

    def fail(self, project: str, commit: str, minutes: int) -> Incident:
        """A build that fails now, after so many minutes, and its incident."""
        now = self.clock.now()
        key = PipelineKey(Service.CODEBUILD, project)
        ref = RunRef(key, f"{project}:{len(self.service.runs) + 1}")
        began = now - timedelta(minutes=minutes)
        self.service.add(
            a_run(ref=ref, started_at=began, ended_at=now, source_version=commit, compute_type=SMALL)
        )
        self.runs.save(
            a_measurement(
                ref.run_id,
                RunStatus.FAILED,
                pipeline=key,
                started_at=began,
                duration_seconds=minutes * 60.0,
                compute_type=SMALL,
            )
        )
        lineage = Lineage(key, commit)
        incident = replace(an_incident(), id=incident_id(ref.run_id), run=ref, lineage=lineage, opened_at=now)
        self.kept.incidents.open(incident)
        return incident

    def decide(self, incident: Incident) -> Decision:
        """DecideAction."""
        run = incident.run
        request = DecideRequest(incident.id, run.run_id, run.key, IncidentKind.FAILED, NETWORK, SUGGESTION)
        return decide_action(
            request,
            incidents=self.kept.incidents,
            decisions=self.kept.decisions,
            ledger=self.kept.ledger,
            estimator=Estimator(self.runs, MemoryStandings()),
            permission=self._permission(never()),
            vain=MemoryVain(),
        )

    def ask(self, incident: Incident, decision: Decision) -> Approval:
        """RequestApproval."""
        asker = Asker(
            incidents=self.kept.incidents,
            decisions=self.kept.decisions,
            reader=self.service,
            tools=fake_tools(self.service),
            approvals=self.kept.approvals,
            waiters=self.waiters,
            ledger=self.kept.ledger,
            notifier=self.bus,
            bus=self.bus,
            clock=self.clock,
            policy=self.policy,
            wait=WAIT,
            stack="selfheal",
            actor="execute-action",
        )
        run_id, version = incident.run.run_id, decision.policy_version
        return asker.request(ApprovalRequest(incident.id, run_id, decision.remedy, version, "token"))

    def answer(self, approval: Approval, reply: Reply, by: str) -> None:
        """AnswerApproval. Raises ApprovalRefused."""
        answerer = Answerer(
            approvals=self.kept.approvals,
            ledger=self.kept.ledger,
            identities=FakeIdentities(),
            bus=self.bus,
            clock=self.clock,
            audience="table",
            account=ACCOUNT,
            approvers=(),
        )
        said = Statement(approval.incident_id, approval.digest, reply, "because")
        answerer.answer(SignedStatement(said, proof_of(by, said.to("table"))))

    def execute(self, incident: Incident, decision: Decision, fuse: Fuse) -> Action:
        """ExecuteAction, which the fuse may kill."""
        guard = fuse.guard
        executor = Executor(
            incidents=self.kept.incidents,
            decisions=self.kept.decisions,
            reader=guard(self.service),
            tools=fake_tools(guard(self.service)),
            actions=guard(self.kept.actions),
            ledger=guard(self.kept.ledger),
            clock=self.clock,
            permission=self._permission(fuse),
            estimator=Estimator(self.runs, MemoryStandings()),
            alarm_check=AlarmCheck(MemoryHarms(), MemoryAlarms(), self.runs),
            actor="execute-action",
        )
        request = ExecuteRequest(incident.id, incident.run.run_id, decision.remedy, decision.policy_version)
        return executor.execute(request)

    def end(self, incident: Incident, decision: Decision, action: Action, status: RunStatus) -> Outcome:
        """RecordOutcome."""
        run = incident.run
        state = HealState(
            incident.id, run.run_id, run.key, IncidentKind.FAILED, NETWORK, decision=decision, action=action
        )
        return record_outcome(
            replace(state, observed=Observed(status, action.new_run_id)),
            incidents=self.kept.incidents,
            ledger=self.kept.ledger,
            runs=self.runs,
            breakers=self.kept.breakers,
            approvals=self.kept.approvals,
            alarm_check=AlarmCheck(MemoryHarms(), MemoryAlarms(), self.runs),
            experiments=Experiments(MemoryFailures(), MemoryLabels()),
            vain=MemoryVain(),
            earnings=Earnings(MemoryTracks(), self.policy.autonomy),
            clock=self.clock,
        )

    def _permission(self, fuse: Fuse) -> Permission:
        """No remedy has a track record here: earned autonomy has tests of its own."""
        kept, guard = self.kept, fuse.guard
        return Permission(
            self.policy,
            self.ceiling,
            guard(kept.switch),
            kept.actions,
            guard(kept.approvals),
            self.clock,
            MemoryTracks(),
        )
