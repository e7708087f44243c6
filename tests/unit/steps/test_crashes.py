"""What is left when a function dies: at every call a step makes, before it or after it, and then tries again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from selfheal.detect.detector import Detector
from selfheal.detect.model import embedded_model
from selfheal.domain.action import ActionStatus, Outcome, OutcomeStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.incident import IncidentKind, incident_id
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.domain.run import RunStatus
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.await_outcome import AwaitRequest, await_outcome
from selfheal.steps.escalate import escalate
from selfheal.steps.estimate import Estimator
from selfheal.steps.execute_action import ExecuteRequest, Executor
from selfheal.steps.ingest_run import RunIntake
from selfheal.steps.measure_run import Gauges
from selfheal.steps.notify import notify
from selfheal.steps.permission import Permission
from selfheal.steps.score_run import RunMeasured, score_run
from selfheal.steps.state import HealState
from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.approvals import MemoryApprovals, MemoryDecisions
from selfheal.testing.builders import SHOP, a_measurement, a_run, an_incident
from selfheal.testing.fuse import Died, Fuse, die, never
from selfheal.testing.memory import (
    MemoryBus,
    MemoryIncidents,
    MemoryLake,
    MemoryLedger,
    MemoryQuarantine,
    MemoryRuns,
)
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.standings import MemoryStandings
from selfheal.testing.toolbox import fake_tools
from selfheal.testing.tracks import MemoryTracks
from selfheal.testing.waiters import MemoryWaiters, deliver
from selfheal.wire import event_of

MOST_CALLS = 24


@dataclass
class World:
    clock: FixedClock = field(default_factory=FixedClock)
    lake: MemoryLake = field(default_factory=MemoryLake)
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    standings: MemoryStandings = field(default_factory=MemoryStandings)
    waiters: MemoryWaiters = field(default_factory=MemoryWaiters)
    bus: MemoryBus = field(default_factory=MemoryBus)
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    decisions: MemoryDecisions = field(default_factory=MemoryDecisions)
    actions: MemoryActions = field(default_factory=MemoryActions)
    switch: MemorySwitch = field(default_factory=MemorySwitch)
    service: FakeService = field(init=False)

    def __post_init__(self) -> None:
        self.service = FakeService(clock=self.clock)
        self.service.add(a_run())

    def ingest(self, fuse: Fuse) -> None:
        guard = fuse.guard
        service = guard(self.service)
        intake = RunIntake(
            reader=service,
            gauges=Gauges(service, service, service, service),
            lake=guard(self.lake),
            quarantine=guard(self.quarantine),
            runs=guard(self.runs),
            waiters=guard(self.waiters),
            bus=guard(self.bus),
            clock=self.clock,
        )
        taken = intake.take_in(event_of(a_run().ref))
        if taken is not None:
            intake.record([taken])
            intake.finish(taken)

    def score(self, fuse: Fuse) -> None:
        guard = fuse.guard
        score_run(
            RunMeasured("shop:1", SHOP, RunStatus.FAILED),
            runs=guard(self.runs),
            standings=guard(self.standings),
            detector=Detector(embedded_model()),
            actions=guard(self.actions),
            incidents=guard(self.incidents),
            ledger=guard(self.ledger),
            bus=guard(self.bus),
            clock=self.clock,
            actor="execute-action",
        )

    def execute(self, fuse: Fuse) -> Any:
        guard = fuse.guard
        executor = Executor(
            incidents=guard(self.incidents),
            decisions=guard(self.decisions),
            reader=guard(self.service),
            tools=fake_tools(guard(self.service)),
            actions=guard(self.actions),
            ledger=guard(self.ledger),
            clock=self.clock,
            permission=Permission(
                Policy("v1", Budget(), ()),
                Mode.ACT,
                guard(self.switch),
                guard(self.actions),
                MemoryApprovals(),
                self.clock,
                MemoryTracks(),
            ),
            estimator=Estimator(guard(self.runs), guard(self.standings)),
            alarm_check=AlarmCheck(MemoryHarms(), MemoryAlarms(), guard(self.runs)),
            actor="execute-action",
        )
        return executor.execute(ExecuteRequest(INCIDENT.id, "shop:1", "retry_build", "v1"))

    def wait(self) -> None:
        request = AwaitRequest(INCIDENT.id, "shop:1", "token")
        await_outcome(request, waiters=self.waiters, runs=self.runs, bus=self.bus)

    def woken(self) -> list[str]:
        """The tokens resumed once the bus has delivered."""
        deliver(self.bus, self.waiters)
        return [token for token, _ in self.waiters.resumed]

    def kinds(self) -> list[LedgerKind]:
        return [entry.kind for entry in self.ledger.written]


INCIDENT = an_incident()
EVERY_CALL = [(n, after) for n in range(1, MOST_CALLS) for after in (False, True)]


def decided() -> World:
    world = World()
    world.incidents.open(INCIDENT)
    decision = Decision(Verdict.ACT, "retry_build", "policy allows it", "v1")
    world.decisions.keep(INCIDENT, decision)
    world.clock.advance(120)
    return world


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_ingest_run_goes_on_where_it_died(n: int, after: bool) -> None:
    world = World()
    world.waiters.add("shop:1", "token")
    with suppress(Died):
        world.ingest(Fuse(n, die, after))
    if world.bus.published:
        assert "shop:1" in world.runs.stored, "nobody hears of a run that is not stored"
    if any(run.announced for run in world.runs.stored.values()):
        assert len(world.bus.published) == 2, "marked only when all was said"
    world.ingest(never())
    [run] = world.runs.stored.values()
    assert run.announced and list(world.lake.held.values()) == [run.measurement]
    assert world.woken() == ["token"] and len(world.bus.published) in (1, 2)


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_score_run_goes_on_where_it_died(n: int, after: bool) -> None:
    world = World()
    world.runs.save(a_measurement(status=RunStatus.FAILED))
    with suppress(Died):
        world.score(Fuse(n, die, after))
    if LedgerKind.OPENED in world.kinds():
        assert world.bus.published, "the ledger says opened only when the bus was told"
    world.score(never())
    assert list(world.incidents.stored) == [incident_id("shop:1")]
    assert world.kinds() == [LedgerKind.OPENED] and len(world.bus.published) in (1, 2)


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_execute_action_starts_one_build_and_records_it_wherever_it_died(n: int, after: bool) -> None:
    world = decided()
    with suppress(Died):
        world.execute(Fuse(n, die, after))
    if world.service.started:
        assert LedgerKind.ACTION_INTENDED in world.kinds(), "the intent is on record before the call"
    world.clock.advance(3600)
    world.service.tokens.clear()  # CodeBuild forgets idempotency tokens after five minutes
    action = world.execute(never())
    assert (action.status, action.new_run_id) == (ActionStatus.STARTED, "shop:again-1")
    assert len(world.service.started) == len(world.actions.charged) == 1
    assert world.actions.incident_of_run("shop:again-1") == INCIDENT.id
    assert {LedgerKind.ACTION_INTENDED, LedgerKind.ACTION_STARTED} <= set(world.kinds())


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_two_executions_at_once_start_one_build_and_lose_none(n: int, after: bool) -> None:
    world = decided()
    answers: list[Any] = []

    def other() -> None:
        with suppress(Exception):
            answers.append(world.execute(never()))

    with suppress(Exception):
        answers.append(world.execute(Fuse(n, other, after)))
    answers += [world.execute(never()), world.execute(never())]
    assert {(a.status, a.new_run_id) for a in answers} == {(ActionStatus.STARTED, "shop:again-1")}
    assert len(world.service.started) == len(world.actions.charged) == 1
    assert LedgerKind.ACTION_REFUSED not in world.kinds()


STATE = HealState(
    INCIDENT.id, "shop:1", SHOP, IncidentKind.FAILED, outcome=Outcome(OutcomeStatus.HEALED, "it passed", 1.0)
)


@pytest.mark.parametrize("tell", [notify, partial(escalate, approvals=MemoryApprovals())])
@pytest.mark.parametrize(("n", "after"), EVERY_CALL[:8])
def test_a_person_is_told_before_the_ledger_says_so(n: int, after: bool, tell: Callable[..., str]) -> None:
    bus, ledger, clock = MemoryBus(), MemoryLedger(), FixedClock()
    fuse = Fuse(n, die, after)
    with suppress(Died):
        tell(STATE, ledger=fuse.guard(ledger), notifier=fuse.guard(bus), clock=clock)
    if ledger.written:
        assert bus.messages
    tell(STATE, ledger=ledger, notifier=bus, clock=clock)
    assert len(ledger.written) == 1 and len(bus.messages) in (1, 2)


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_a_run_that_ends_while_somebody_begins_to_wait_wakes_him(n: int, after: bool) -> None:
    world = World()
    world.ingest(Fuse(n, world.wait, after))
    world.wait()
    assert world.woken() == ["token"]


@pytest.mark.parametrize(("n", "after"), EVERY_CALL[:8])
def test_somebody_who_begins_to_wait_while_a_run_ends_is_woken(n: int, after: bool) -> None:
    world = World()
    fuse = Fuse(n, lambda: world.ingest(never()), after)
    request = AwaitRequest(INCIDENT.id, "shop:1", "token")
    await_outcome(
        request,
        waiters=fuse.guard(world.waiters),
        runs=fuse.guard(world.runs),
        bus=fuse.guard(world.bus),
    )
    world.ingest(never())
    assert world.woken() == ["token"]
