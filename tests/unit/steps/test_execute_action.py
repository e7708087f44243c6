"""execute_action: exactly the decided action, exactly once, whatever dies when."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.errors import InvalidEvent, Throttled
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.domain.run import RunStatus
from selfheal.steps.execute_action import ExecuteRequest, Executor
from selfheal.testing.builders import NOON, a_run, an_incident
from selfheal.testing.memory import MemoryActions, MemoryIncidents, MemoryLedger
from selfheal.testing.service import FakeService, FixedClock
from selfheal.wire import encode

INCIDENT = an_incident()


@dataclass
class World:
    clock: FixedClock = field(default_factory=FixedClock)
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    actions: MemoryActions = field(default_factory=MemoryActions)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    ceiling: Mode = Mode.ACT
    policy: Policy = field(default_factory=lambda: Policy("v1", Budget(), ()))
    service: FakeService = field(init=False)

    def __post_init__(self) -> None:
        self.service = FakeService(clock=self.clock)
        self.service.add(a_run())
        self.incidents.open(INCIDENT)
        self.clock.advance(120)

    def decide(self, remedy: str = "retry_build", verdict: Verdict = Verdict.ACT) -> None:
        decision = Decision(verdict, remedy, "policy allows it", "v1")
        self.ledger.append(LedgerEntry(INCIDENT.id, LedgerKind.DECIDED, NOON, encode(decision)))

    def execute(self, remedy: str = "retry_build", run_id: str = "shop:1", version: str = "v1") -> Action:
        executor = Executor(
            incidents=self.incidents,
            reader=self.service,
            builds=self.service,
            actions=self.actions,
            ledger=self.ledger,
            clock=self.clock,
            ceiling=self.ceiling,
            policy=self.policy,
            actor="execute-action",
        )
        return executor.execute(ExecuteRequest(INCIDENT.id, run_id, remedy, version))

    def intend(self) -> None:
        """What an execution leaves that died between its intent and its call."""
        intent = Action(INCIDENT.id, "retry_build", ActionStatus.INTENDED, self.clock.now())
        self.actions.actions[INCIDENT.id] = intent

    def kinds(self) -> list[LedgerKind]:
        return [entry.kind for entry in self.ledger.written]


def test_a_decided_retry_starts_one_build_with_the_intent_written_first() -> None:
    world = World()
    world.decide()
    action = world.execute()
    assert (action.status, action.new_run_id) == (ActionStatus.STARTED, "shop:again-1")
    assert world.service.started == [("retry", "shop:1")]
    assert world.kinds() == [LedgerKind.DECIDED, LedgerKind.ACTION_INTENDED, LedgerKind.ACTION_STARTED]


def test_asked_again_it_gives_the_same_action_back() -> None:
    world = World()
    world.decide()
    assert world.execute() == world.execute()
    assert len(world.service.started) == 1 and len(world.actions.charged) == 1


def test_a_clean_retry_drops_the_cache() -> None:
    world = World()
    world.decide("retry_build_clean")
    assert world.execute("retry_build_clean").status is ActionStatus.STARTED
    assert world.service.started == [("clean", "shop:1")]


def test_notify_is_done_without_touching_anything() -> None:
    world = World()
    world.decide("notify")
    action = world.execute("notify")
    assert (action.status, action.new_run_id) == (ActionStatus.DONE, "")
    assert world.service.started == []


def test_a_function_that_died_right_after_the_call_finds_its_build_again() -> None:
    world = World()
    world.decide()
    world.service.crash_after_start = True
    with pytest.raises(ConnectionError):
        world.execute()
    world.clock.advance(3600)
    world.service.tokens.clear()  # CodeBuild forgets idempotency tokens after five minutes
    action = world.execute()
    assert action.new_run_id == "shop:again-1"
    assert world.service.started == [("retry", "shop:1")]


def test_a_lost_build_that_has_not_fetched_its_commit_yet_is_found_too() -> None:
    world = World()
    world.decide()
    world.intend()
    queued = a_run("shop:queued", RunStatus.IN_PROGRESS, ended_at=None, source_version="")
    world.service.add(replace(queued, started_at=world.clock.now(), initiator="r/execute-action"))
    assert world.execute().new_run_id == "shop:queued"
    assert world.service.started == []


def test_a_function_that_died_between_intent_and_call_makes_the_call_once() -> None:
    world = World()
    world.decide()
    world.intend()
    assert world.execute().status is ActionStatus.STARTED
    assert world.service.started == [("retry", "shop:1")]


def test_a_build_that_belongs_to_another_incident_is_not_taken_for_ours() -> None:
    world = World()
    world.decide()
    world.intend()
    world.service.add(a_run("shop:other", started_at=world.clock.now(), initiator="r/execute-action"))
    world.actions.finish(
        Action("another", "retry_build", ActionStatus.STARTED, NOON, new_run_id="shop:other")
    )
    assert world.execute().new_run_id == "shop:again-1"


@pytest.mark.parametrize(
    ("remedy", "run_id", "version"),
    [("retry_build_clean", "shop:1", "v1"), ("retry_build", "shop:2", "v1"), ("retry_build", "shop:1", "v2")],
)
def test_what_was_not_decided_is_an_error(remedy: str, run_id: str, version: str) -> None:
    world = World()
    world.decide()
    with pytest.raises(InvalidEvent, match="not the action that was decided"):
        world.execute(remedy, run_id, version)
    assert world.service.started == [] and world.actions.charged == []


@pytest.mark.parametrize("verdict", [Verdict.ASK, Verdict.OBSERVE, Verdict.REFUSE])
def test_only_a_verdict_to_act_is_carried_out(verdict: Verdict) -> None:
    world = World()
    world.decide(verdict=verdict)
    with pytest.raises(InvalidEvent):
        world.execute()
    assert world.service.started == []


def test_an_intent_opens_no_way_for_another_remedy() -> None:
    world = World()
    world.decide()
    world.intend()
    with pytest.raises(InvalidEvent):
        world.execute("retry_build_clean")
    assert world.service.started == []


def test_telling_a_person_needs_no_permission_and_no_budget() -> None:
    world = World(ceiling=Mode.OBSERVE, policy=Policy("v2", Budget(0, 0, 0), ()))
    world.decide("notify")
    assert world.execute("notify").status is ActionStatus.DONE
    assert world.actions.charged == []


def test_a_policy_that_changed_since_the_decision_does_not_carry_it() -> None:
    world = World(policy=Policy("v2", Budget(), ()))
    world.decide()
    assert "policy has changed" in world.execute().reason
    assert world.service.started == []


def test_an_intent_that_waited_does_not_outlive_the_switch_to_observe() -> None:
    world = World(ceiling=Mode.OBSERVE)
    world.decide()
    world.intend()
    assert "set to observe" in world.execute().reason
    assert world.service.started == []


def test_a_build_that_was_started_before_the_switch_is_linked_all_the_same() -> None:
    world = World()
    world.decide()
    world.service.crash_after_start = True
    with pytest.raises(ConnectionError):
        world.execute()
    world.ceiling = Mode.OBSERVE
    assert world.execute().new_run_id == "shop:again-1"


def test_a_clock_that_is_a_little_ahead_hides_no_lost_build() -> None:
    world = World()
    world.decide()
    world.intend()
    started = world.clock.now() - timedelta(seconds=20)
    world.service.add(a_run("shop:lost", started_at=started, initiator="r/execute-action"))
    assert world.execute().new_run_id == "shop:lost"


@pytest.mark.parametrize(
    "not_ours",
    [
        {"initiator": "developer"},
        {"initiator": "r/not-execute-action"},
        {"initiator": "r/execute-action", "source_version": "f" * 40},
    ],
)
def test_a_build_of_somebody_else_or_of_another_commit_is_not_taken_for_the_lost_one(
    not_ours: dict[str, str],
) -> None:
    world = World()
    world.decide()
    world.intend()
    world.service.add(a_run("shop:theirs", started_at=world.clock.now(), **not_ours))
    assert world.execute().new_run_id == "shop:again-1"


def test_what_another_execution_has_finished_meanwhile_is_the_answer() -> None:
    world = World()
    world.decide()
    started = Action(INCIDENT.id, "retry_build", ActionStatus.STARTED, NOON, new_run_id="shop:again-1")

    class Finished(MemoryActions):
        looked = 0

        def of_incident(self, incident_id: str) -> Action | None:
            self.looked += 1
            return None if self.looked == 1 else started

    world.actions = Finished()
    world.service.add(a_run("shop:again-1", started_at=world.clock.now(), initiator="r/execute-action"))
    assert world.execute() == started


def test_two_builds_whose_commits_are_unknown_are_not_taken_for_the_same() -> None:
    world = World()
    world.decide()
    world.service.add(a_run(source_version=""))
    world.service.add(a_run("shop:2", started_at=NOON.replace(minute=1), source_version=""))
    assert world.execute().status is ActionStatus.STARTED


def test_another_executions_intent_is_not_refused_away() -> None:
    world = World()
    world.decide()

    class Overtaken(MemoryActions):
        """The other execution writes its intent while this one makes its preflight."""

        looked = 0

        def of_incident(self, incident_id: str) -> Action | None:
            self.looked += 1
            if self.looked == 2:
                self.actions[incident_id] = Action(
                    incident_id, "retry_build", ActionStatus.INTENDED, world.clock.now()
                )
            return super().of_incident(incident_id)

    world.actions = Overtaken()
    world.service.add(a_run("shop:again-1", started_at=world.clock.now(), initiator="r/execute-action"))
    with pytest.raises(Throttled, match="another execution"):
        world.execute()
    assert world.actions.actions[INCIDENT.id].status is ActionStatus.INTENDED
    assert world.execute().new_run_id == "shop:again-1"


def test_a_stack_set_to_observe_since_the_decision_does_nothing() -> None:
    world = World(ceiling=Mode.OBSERVE)
    world.decide()
    assert "set to observe" in world.execute().reason
    assert world.service.started == []


def test_a_spent_budget_refuses_at_the_last_moment_too() -> None:
    world = World(policy=Policy("v1", Budget(per_commit=0), ()))
    world.decide()
    action = world.execute()
    assert action.status is ActionStatus.REFUSED and "budget spent" in action.reason
    assert world.service.started == []


def test_a_remedy_outside_the_catalogue_is_an_error() -> None:
    with pytest.raises(InvalidEvent, match="rm_rf"):
        World().execute("rm_rf")


def test_a_refusal_by_aws_is_recorded_and_final() -> None:
    world = World()
    world.decide()
    world.service.rejects = "RetryBuild: not authorized"
    action = world.execute()
    assert action.status is ActionStatus.REFUSED and "not authorized" in action.reason
    world.service.rejects = ""
    assert world.execute().status is ActionStatus.REFUSED
    assert world.service.started == []
    assert world.kinds()[-1] is LedgerKind.ACTION_REFUSED


def test_preflight_refuses_a_commit_that_somebody_already_built_again() -> None:
    world = World()
    world.decide()
    world.service.add(a_run("shop:2", started_at=NOON.replace(minute=1), initiator="developer"))
    assert "developer already built this commit again" in world.execute().reason


def test_preflight_refuses_a_build_that_codepipeline_started() -> None:
    world = World()
    world.decide()
    world.service.add(a_run(initiator="codepipeline/shop"))
    assert "the stage has to be retried" in world.execute().reason


def test_preflight_refuses_a_build_that_has_not_failed() -> None:
    world = World()
    world.decide()
    world.service.add(a_run(status=RunStatus.SUCCEEDED))
    assert "only a failed build is retried" in world.execute().reason


@pytest.mark.parametrize(
    ("change", "words"),
    [({"difference": "variable STAGE"}, "variable STAGE"), ({"commit": ""}, "commit is not known")],
)
def test_a_clean_retry_refuses_what_it_could_not_repeat(change: dict[str, str], words: str) -> None:
    world = World()
    world.decide("retry_build_clean")
    world.service.difference = change.get("difference", "")
    if "commit" in change:
        world.service.add(replace(a_run(), source_version=""))
    assert words in world.execute("retry_build_clean").reason
    assert world.service.started == []
