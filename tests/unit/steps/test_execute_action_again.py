"""execute_action once more: after a death, beside another execution, after a change of mind."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.errors import InvalidEvent, Throttled
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.policy import Mode
from selfheal.domain.run import RunStatus
from selfheal.testing.actions import MemoryActions
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.execution import INCIDENT, World


def test_a_decided_retry_starts_one_build_with_the_intent_written_first() -> None:
    world = World()
    world.decide()
    action = world.execute()
    assert (action.status, action.new_run_id) == (ActionStatus.STARTED, "shop:again-1")
    assert world.service.started == [("retry", "shop:1")]
    assert world.kinds() == [LedgerKind.DECIDED, LedgerKind.ACTION_INTENDED, LedgerKind.ACTION_STARTED]


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
    action = world.execute()
    assert (action.status, action.new_run_id) == (ActionStatus.REFUSED, "")
    assert "already built this commit again (shop:other)" in action.reason


def test_an_old_intent_does_not_repeat_what_is_superseded_by_now() -> None:
    world = World(run=a_run(branch="main"))
    world.decide()
    world.intend()
    newer = a_run("shop:newer", started_at=world.clock.now(), source_version="e" * 40, branch="main")
    world.service.add(newer)
    action = world.execute()
    assert action.status is ActionStatus.REFUSED and "superseded: shop:newer" in action.reason
    assert world.service.started == []


def test_an_intent_opens_no_way_for_another_remedy() -> None:
    world = World()
    world.decide()
    world.intend()
    with pytest.raises(InvalidEvent):
        world.execute("retry_build_clean")
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
    not_ours: dict[str, Any],
) -> None:
    world = World()
    world.decide()
    world.intend()
    world.service.add(a_run("shop:theirs", started_at=world.clock.now(), **not_ours))
    other_commit = "source_version" in not_ours
    assert world.execute().new_run_id == ("shop:again-1" if other_commit else "")


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
