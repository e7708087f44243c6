"""One incident from diagnosis to notification, over ports in memory, every step's data through JSON as on the wire."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from selfheal.domain.action import Action
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.diagnosis import Diagnosis, Suggestion
from selfheal.domain.incident import Incident, IncidentKind, Lineage, incident_id
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.run import Run
from selfheal.domain.score import Level, Score
from selfheal.ports import Model, TestCase
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.decide_action import DecideRequest, decide_action
from selfheal.steps.diagnose_failure import DiagnoseRequest, diagnose_failure
from selfheal.steps.earnings import Earnings
from selfheal.steps.estimate import Estimator
from selfheal.steps.execute_action import ExecuteRequest, Executor
from selfheal.steps.experiments import Experiments
from selfheal.steps.notify import notify
from selfheal.steps.permission import Permission
from selfheal.steps.record_outcome import record_outcome
from selfheal.steps.state import HealState
from selfheal.steps.suggest_remedy import SuggestRequest, suggest_remedy
from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.approvals import MemoryApprovals, MemoryDecisions
from selfheal.testing.builders import NOON, SHOP, a_run
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.labels import MemoryLabels
from selfheal.testing.memory import MemoryBus, MemoryIncidents, MemoryLedger, MemoryRuns, MemoryTokenBudget
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.stages import FakeStages
from selfheal.testing.standings import MemoryStandings
from selfheal.testing.toolbox import fake_tools
from selfheal.testing.tracks import MemoryTracks
from selfheal.testing.vain import MemoryVain
from selfheal.wire import decode, encode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Healed:
    """All that came of it: what each step gave, what CodeBuild was told to do, what people were told."""

    diagnosis: Diagnosis
    suggestion: Suggestion
    decision: Decision
    action: Action | None
    started: Sequence[tuple[str, str]]
    subject: str
    message: str
    ledger: MemoryLedger


@dataclass
class Healing:
    """A failed build of ``shop``; change a field before healing it.

    ``forged`` is a suggestion that somebody put in the place of what suggest_remedy gave.
    """

    model: Model | None
    policy: Policy
    ceiling: Mode = Mode.ACT
    log: Sequence[str] = ()
    failures: Sequence[TestCase] = ()
    secrets: tuple[str, ...] = ()
    run: Run = field(default_factory=a_run)
    forged: Suggestion | None = None
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    decisions: MemoryDecisions = field(default_factory=MemoryDecisions)
    actions: MemoryActions = field(default_factory=MemoryActions)
    tracks: MemoryTracks = field(default_factory=MemoryTracks)
    clock: FixedClock = field(default_factory=FixedClock)
    bus: MemoryBus = field(default_factory=MemoryBus)
    service: FakeService = field(init=False)
    incident: Incident = field(init=False)

    def __post_init__(self) -> None:
        self.service = FakeService(clock=self.clock, cases=list(self.failures))

    def heal(self) -> Healed:
        """The states of the heal machine in their order; the retried build, if any, is not waited for."""
        self._open()
        id, run_id = self.incident.id, self.incident.run.run_id
        diagnosis = self._diagnose()
        suggestion = self.forged or self._suggest(diagnosis)
        decision = self._decide(diagnosis, suggestion)
        action = self._execute(decision) if decision.verdict is Verdict.ACT else None
        state = HealState(id, run_id, SHOP, IncidentKind.FAILED, diagnosis, suggestion, decision, action)
        outcome = record_outcome(
            state,
            incidents=self.incidents,
            runs=self.runs,
            ledger=self.ledger,
            breakers=self.actions,
            approvals=MemoryApprovals(),
            experiments=Experiments(MemoryFailures(), MemoryLabels()),
            alarm_check=AlarmCheck(MemoryHarms(), MemoryAlarms(), self.runs),
            vain=MemoryVain(),
            earnings=Earnings(self.tracks, self.policy.autonomy),
            clock=self.clock,
        )
        told = wired(
            HealState(
                id,
                run_id,
                SHOP,
                IncidentKind.FAILED,
                diagnosis,
                suggestion,
                decision,
                action,
                outcome=outcome,
            )
        )
        notify(told, ledger=self.ledger, notifier=self.bus, clock=self.clock)
        [(subject, message)] = self.bus.messages
        return Healed(
            diagnosis, suggestion, decision, action, self.service.started, subject, message, self.ledger
        )

    def _open(self) -> None:
        arns = ("arn:report",) if self.failures else ()
        run = a_run(
            secrets=self.secrets,
            report_arns=arns,
            source_version=self.run.source_version,
            phases=self.run.phases,
        )
        self.service.add(run, *self.log)
        score = Score(0.0, ready=False, level=Level.NONE)
        lineage = Lineage(SHOP, run.source_version)
        id = incident_id(run.ref.run_id)
        self.incident = Incident(id, run.ref, IncidentKind.FAILED, lineage, NOON, score)
        self.incidents.open(self.incident)
        self.clock.advance(120)

    def _diagnose(self) -> Diagnosis:
        request = DiagnoseRequest(self.incident.id, self.incident.run.run_id, SHOP, IncidentKind.FAILED)
        return wired(
            diagnose_failure(
                request,
                incidents=self.incidents,
                runs=self.runs,
                harms=MemoryHarms(),
                failures=MemoryFailures(),
                reader=self.service,
                logs=self.service,
                reports=self.service,
                stages=FakeStages(),
                ledger=self.ledger,
                clock=self.clock,
            )
        )

    def _suggest(self, diagnosis: Diagnosis) -> Suggestion:
        request = SuggestRequest(self.incident.id, SHOP, IncidentKind.FAILED, diagnosis)
        return wired(suggest_remedy(request, model=self.model, budget=MemoryTokenBudget()))

    def _decide(self, diagnosis: Diagnosis, suggestion: Suggestion) -> Decision:
        run_id = self.incident.run.run_id
        request = DecideRequest(self.incident.id, run_id, SHOP, IncidentKind.FAILED, diagnosis, suggestion)
        return wired(
            decide_action(
                request,
                incidents=self.incidents,
                decisions=self.decisions,
                ledger=self.ledger,
                estimator=Estimator(self.runs, MemoryStandings()),
                permission=self._permission(),
                vain=MemoryVain(),
            )
        )

    def _permission(self) -> Permission:
        return Permission(
            self.policy,
            self.ceiling,
            MemorySwitch(),
            self.actions,
            MemoryApprovals(),
            self.clock,
            self.tracks,
        )

    def _execute(self, decision: Decision) -> Action:
        executor = Executor(
            incidents=self.incidents,
            decisions=self.decisions,
            reader=self.service,
            tools=fake_tools(self.service),
            actions=self.actions,
            ledger=self.ledger,
            clock=self.clock,
            permission=self._permission(),
            estimator=Estimator(self.runs, MemoryStandings()),
            alarm_check=AlarmCheck(MemoryHarms(), MemoryAlarms(), self.runs),
            actor="execute-action",
        )
        run_id = self.incident.run.run_id
        return executor.execute(
            ExecuteRequest(self.incident.id, run_id, decision.remedy, decision.policy_version)
        )


def wired(value: T) -> T:
    """The value as it comes out of the state machine: through JSON and back."""
    return decode(type(value), json.loads(json.dumps(encode(value))))
