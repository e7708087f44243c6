"""A week of runs whose events are lost, doubled and late, and of functions that die: what becomes of incidents.

The steps are the real ones; the stores are those in memory, which the adapter tests hold to what DynamoDB does.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from selfheal.detect.detector import Detector
from selfheal.detect.model import embedded_model
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.errors import MeasurementIncomplete, Throttled
from selfheal.domain.incident import IncidentKind, harm_incident_id, incident_id
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.domain.run import PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.domain.watch import Watch
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.estimate import Estimator
from selfheal.steps.execute_action import ExecuteRequest, Executor
from selfheal.steps.ingest_run import RunIntake
from selfheal.steps.measure_run import Gauges
from selfheal.steps.permission import Permission
from selfheal.steps.reconcile_runs import look_back, reconcile_runs
from selfheal.steps.score_run import RunMeasured, score_run
from selfheal.steps.watch_deployment import DeploymentWatch
from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.approvals import MemoryApprovals, MemoryDecisions
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.fuse import Died, Fuse, die, never
from selfheal.testing.memory import (
    MemoryBus,
    MemoryIncidents,
    MemoryLake,
    MemoryLedger,
    MemoryQuarantine,
    MemoryQueue,
    MemoryRuns,
)
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.standings import MemoryStandings
from selfheal.testing.toolbox import fake_tools
from selfheal.testing.tracks import MemoryTracks
from selfheal.testing.waiters import MemoryWaiters
from selfheal.wire import event_of, watch_hint

DAYS = 7
EVERY = timedelta(minutes=15)
AFTERMATH = timedelta(hours=6)
ACTOR = "execute-action"
VERSION = "v1"
PLENTY = Budget(10**9, 10**9, 10**9, 10**9, 1e9)
MOST_CALLS = 20


@dataclass(frozen=True)
class Weather:
    """How badly events and functions fare: shares of events of AWS services that are lost, of all events that come more
    than once, of all that come late (up to two hours), and of calls of a function that die at one of their calls."""

    lost: float = 0.10
    doubled: float = 0.50
    late: float = 0.25
    dying: float = 0.05


@dataclass
class Forgetful(FakeService):
    """CodeBuild without idempotency tokens, so that nothing but Selfheal keeps a second build from being started."""

    def retry(self, build_id: str, token: str) -> str:
        """Builds."""
        self.tokens.clear()
        return super().retry(build_id, token)


@dataclass
class IndexedLedger(MemoryLedger):
    """The ledger in memory, quick when it is long."""

    index: dict[tuple[str, LedgerKind], LedgerEntry] = field(default_factory=dict)

    def append(self, entry: LedgerEntry) -> bool:
        """Ledger."""
        new = (entry.incident_id, entry.kind) not in self.index
        self.index.setdefault((entry.incident_id, entry.kind), entry)
        return new

    def entry(self, incident_id: str, kind: LedgerKind) -> LedgerEntry | None:
        """Ledger."""
        return self.index.get((incident_id, kind))


class Week:
    """Plays it; ``deliveries`` counts what reached a function, by kind of event."""

    def __init__(self, runs: int, weather: Weather, seed: int) -> None:
        self.random, self.weather = Random(seed), weather
        self.clock, self.deliveries, self.deaths = FixedClock(), Counter[str](), 0
        self.lost, self.announced = 0, set[str]()
        self.service = Forgetful(clock=self.clock)
        self.expected: set[str] = set()
        self._due: list[tuple[datetime, int, str, Any]] = []
        self._number = count()
        self._make_stores()
        self._plan(runs)

    def play(self) -> None:
        """Let everything happen, and whatever follows from it."""
        end = NOON + timedelta(days=DAYS) + AFTERMATH
        handlers: dict[str, Callable[[Any, Fuse], None]] = {
            "end": self._end,
            "run": self._ingest,
            "alarm": self._watch,
            "Run Measured": self._measured,
            "Incident Opened": self._heal,
            "schedule": self._reconcile,
        }
        while self._due:
            moment, _, kind, payload = heapq.heappop(self._due)
            self.clock.moment = max(self.clock.moment, moment)
            if kind == "schedule" and moment > end:
                continue
            self.deliveries[kind] += kind not in ("end", "schedule")
            try:
                handlers[kind](payload, self._fuse(kind))
            except (Died, MeasurementIncomplete, Throttled):
                self.deaths += 1
                self._later(kind, payload, timedelta(minutes=1))
            self._pass_on()

    def wrong(self) -> tuple[int, int, int, int]:
        """Incidents lost (never stored, or nobody was told), incidents doubled or opened for nothing, actions missing
        for an incident of a build, and actions beyond one."""
        stored = self.incidents.stored
        lost = self.expected - (set(stored) & self.announced)
        of_runs = Counter((each.run.run_id, each.kind) for each in stored.values())
        doubled = len(set(stored) - self.expected) + sum(n - 1 for n in of_runs.values())
        acted = Counter(incident_id(run_id) for _, run_id in self.service.started)
        builds = {each.id for each in stored.values() if each.kind is IncidentKind.FAILED}
        return len(lost), doubled, len(builds - set(acted)), sum(n - 1 for n in acted.values())

    def _make_stores(self) -> None:
        self.runs, self.standings, self.lake = MemoryRuns(), MemoryStandings(), MemoryLake()
        self.quarantine, self.waiters, self.bus = MemoryQuarantine(), MemoryWaiters(), MemoryBus()
        self.incidents, self.ledger, self.actions = MemoryIncidents(), IndexedLedger(), MemoryActions()
        self.decisions = MemoryDecisions()
        self.alarms, self.harms, self.queue = MemoryAlarms(), MemoryHarms(), MemoryQueue()
        self.policy = Policy(VERSION, PLENTY, ())
        self.watches: list[Watch] = []
        self.detector = Detector(embedded_model())

    def _plan(self, runs: int) -> None:
        """Builds, of which three in ten fail, and every tenth run a deployment, of which three in ten do harm."""
        for number in range(runs):
            moment = NOON + timedelta(seconds=self.random.uniform(0, DAYS * 86_400))
            bad = self.random.random() < 0.3
            plan = self._plan_deployment if number % 10 == 0 else self._plan_build
            plan(number, moment, bad)
        for tick in range(int((timedelta(days=DAYS) + AFTERMATH) / EVERY)):
            self._later("schedule", None, EVERY * tick)

    def _plan_build(self, number: int, moment: datetime, bad: bool) -> None:
        key = PipelineKey(Service.CODEBUILD, f"project-{number // 4}")
        status = RunStatus.FAILED if bad else RunStatus.SUCCEEDED
        run = self._run(RunRef(key, f"{key.name}:{number}"), status, moment)
        if bad:
            self.expected.add(incident_id(run.ref.run_id))

    def _plan_deployment(self, number: int, moment: datetime, bad: bool) -> None:
        key = PipelineKey(Service.CODEDEPLOY, f"shop/{number}")
        run = self._run(RunRef(key, f"d-{number}"), RunStatus.SUCCEEDED, moment)
        self.watches.append(Watch((f"alarm-{number}",), key))
        if bad:
            since = moment + timedelta(minutes=self.random.uniform(-0.5, 25))
            self.expected.add(harm_incident_id(run.ref.run_id))
            self._later("end", (f"alarm-{number}", since), since - self.clock.now())

    def _run(self, ref: RunRef, status: RunStatus, ended: datetime) -> Run:
        run = a_run(ref.run_id, status, started_at=ended - timedelta(minutes=1), ended_at=ended, log=None)
        run = replace(run, ref=ref, source_version=f"commit of {ref.run_id}")
        self._later("end", run, ended - self.clock.now())
        return run

    def _end(self, what: Run | tuple[str, datetime], _: Fuse) -> None:
        """A run ends, or an alarm goes off: the world knows, and an event is on its way."""
        if isinstance(what, Run):
            self.service.add(what)
            self._send("run", event_of(what.ref), best_effort=True)
            return
        name, since = what
        self.alarms.ring(name, since)
        detail = {"alarmName": name, "state": {"value": "ALARM"}}
        self._send("alarm", {"detail-type": "CloudWatch Alarm State Change", "detail": detail})

    def _ingest(self, event: Any, fuse: Fuse) -> None:
        guard = fuse.guard
        service = guard(self.service)
        intake = RunIntake(
            service, Gauges(service, service, service, service), guard(self.lake), guard(self.quarantine),
            guard(self.runs), guard(self.waiters), guard(self.bus), self.clock,
        )  # fmt: skip
        taken = intake.take_in(event)
        if taken is not None:
            intake.record([taken])
            intake.finish(taken)

    def _measured(self, event: Mapping[str, Any], fuse: Fuse) -> None:
        """Two rules have this event; here both targets fare alike."""
        guard, detail = fuse.guard, event["detail"]
        key = PipelineKey.parse(detail["pipeline"])
        score_run(
            RunMeasured(detail["run_id"], key, RunStatus(detail["status"])), runs=guard(self.runs),
            standings=guard(self.standings), detector=self.detector, actions=guard(self.actions),
            incidents=guard(self.incidents), ledger=guard(self.ledger), bus=guard(self.bus), clock=self.clock,
            actor=ACTOR,
        )  # fmt: skip
        if key.service is Service.CODEDEPLOY:
            self._watch(event, fuse)

    def _watch(self, event: Any, fuse: Fuse) -> None:
        guard = fuse.guard
        DeploymentWatch(
            self.watches, guard(self.alarms), guard(self.runs), guard(self.actions), guard(self.harms),
            guard(self.incidents), guard(self.ledger), guard(self.bus), self.clock,
        ).look(watch_hint(event))  # fmt: skip

    def _heal(self, event: Mapping[str, Any], fuse: Fuse) -> None:
        """Diagnosis and policy in short: a build is to be retried."""
        detail = event["detail"]
        self.announced.add(detail["incident_id"])
        if detail["kind"] != IncidentKind.FAILED:
            return
        incident = self.incidents.get(detail["incident_id"])
        decision = Decision(Verdict.ACT, "retry_build", "policy allows it", VERSION)
        self.decisions.keep(incident, decision)
        action = self._executor(fuse).execute(
            ExecuteRequest(incident.id, incident.run.run_id, "retry_build", VERSION)
        )
        started = self.service.runs.get(action.new_run_id)
        if started and started.ended_at is None:
            status = RunStatus.FAILED if self.random.random() < 0.3 else RunStatus.SUCCEEDED
            ended = started.started_at + timedelta(minutes=1)
            self.service.add(replace(started, status=status, ended_at=ended))
            self._send("run", event_of(started.ref), best_effort=True, after=timedelta(minutes=1))

    def _executor(self, fuse: Fuse) -> Executor:
        guard, approvals = fuse.guard, MemoryApprovals()
        permission = Permission(
            self.policy, Mode.ACT, MemorySwitch(), guard(self.actions), approvals, self.clock, MemoryTracks()
        )
        return Executor(
            guard(self.incidents), guard(self.decisions), guard(self.service), fake_tools(guard(self.service)),
            guard(self.actions), guard(self.ledger), self.clock, permission,
            Estimator(self.runs, self.standings), AlarmCheck(self.harms, self.alarms, self.runs), ACTOR,
        )  # fmt: skip

    def _reconcile(self, *_: object) -> None:
        reconcile_runs(
            finished=self.service,
            runs=self.runs,
            queue=self.queue,
            clock=self.clock,
            look_back=look_back(EVERY),
        )
        for event in self.queue.events:
            self._send("run", event)
        self.queue.events.clear()

    def _pass_on(self) -> None:
        for detail_type, detail in self.bus.published:
            if detail_type in ("Run Measured", "Incident Opened"):
                self._send(detail_type, {"detail-type": detail_type, "detail": detail})
        self.bus.published.clear()

    def _send(
        self, kind: str, event: Any, *, best_effort: bool = False, after: timedelta = timedelta()
    ) -> None:
        if best_effort and self.random.random() < self.weather.lost:
            self.lost += 1
            return
        copies = self.random.choice((2, 3, 4)) if self.random.random() < self.weather.doubled else 1
        for _ in range(copies):
            late = self.random.random() < self.weather.late
            self._later(kind, event, after + timedelta(seconds=self.random.uniform(0, 7200 if late else 5)))

    def _later(self, kind: str, payload: Any, after: timedelta) -> None:
        heapq.heappush(self._due, (self.clock.now() + after, next(self._number), kind, payload))

    def _fuse(self, kind: str) -> Fuse:
        if kind in ("end", "schedule") or self.random.random() >= self.weather.dying:
            return never()
        return Fuse(self.random.randint(1, MOST_CALLS), die, self.random.random() < 0.5)
