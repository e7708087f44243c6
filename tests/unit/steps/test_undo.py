"""What made things worse is taken back where it can be, once, and said to people where it cannot."""

from contextlib import suppress

import pytest

from selfheal.domain.action import ActionStatus, Plan
from selfheal.domain.brakes import Pause
from selfheal.domain.errors import ActionRefused, InvalidEvent
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.policy import Mode
from selfheal.domain.run import Phase, Run, RunStatus
from selfheal.remedies import retry_build
from selfheal.remedy_ports import Tools
from selfheal.steps.undo import TAKEN_BACK
from selfheal.testing.builders import NOON, a_measurement, a_run
from selfheal.testing.execution import World
from selfheal.testing.fuse import Died, Fuse, die


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was taken back, by a retry_build that can do so."""
    taken: list[str] = []
    monkeypatch.setattr(
        retry_build, "undo", lambda plan, run, tools: taken.append(plan.target), raising=False
    )
    return taken


def worse() -> World:
    """A retried build whose new run failed in an earlier phase."""
    world = World()
    world.decide()
    assert world.execute().new_run_id == "shop:again-1"
    failed = (Phase("INSTALL", "FAILED", 1.0),)
    world.service.add(a_run("shop:again-1", phases=failed))
    world.runs.save(a_measurement("shop:again-1", RunStatus.FAILED))
    return world


def test_it_is_taken_back_once_and_recorded(taken: list[str]) -> None:
    world = worse()
    assert world.execute(undo=True).undo == TAKEN_BACK
    assert world.execute(undo=True).undo == TAKEN_BACK
    assert taken == ["shop:1"]
    assert world.kinds().count(LedgerKind.UNDONE) == 1
    assert len(world.service.started) == 1


@pytest.mark.parametrize("n", range(1, 16))
@pytest.mark.parametrize("after", [False, True])
def test_a_function_that_died_while_taking_back_goes_on(taken: list[str], n: int, after: bool) -> None:
    world = worse()
    with suppress(Died):
        world.execute(undo=True, fuse=Fuse(n, die, after))
    if LedgerKind.UNDONE in world.kinds():
        assert taken, "recorded only when done"
    assert world.execute(undo=True).undo == TAKEN_BACK
    assert taken and world.kinds().count(LedgerKind.UNDONE) == 1


def test_what_takes_nothing_back_by_itself_says_what_a_person_can_do() -> None:
    world = worse()
    action = world.execute(undo=True)
    assert "takes nothing back by itself" in action.undo and "stop-build" in action.undo
    assert LedgerKind.UNDONE not in world.kinds()


def test_what_is_not_worse_by_the_service_s_own_word_stays(taken: list[str]) -> None:
    world = worse()
    world.service.add(a_run("shop:again-1"))
    assert "not found to be worse" in world.execute(undo=True).undo
    assert taken == []


def test_nothing_is_taken_back_that_was_not_started(taken: list[str]) -> None:
    world = World()
    world.decide()
    with pytest.raises(InvalidEvent, match="nothing was started"):
        world.execute(undo=True)
    assert taken == []


def test_a_stack_that_observes_or_is_paused_takes_nothing_back(taken: list[str]) -> None:
    world = worse()
    world.ceiling = Mode.OBSERVE
    assert "set to observe" in world.execute(undo=True).undo
    paused = worse()
    paused.switch.pause_now = Pause("somebody", NOON, "stop")
    assert "paused by somebody" in paused.execute(undo=True).undo
    assert taken == []


def test_a_refusal_to_take_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(plan: Plan, run: Run, tools: Tools) -> None:
        raise ActionRefused("held by somebody else")

    monkeypatch.setattr(retry_build, "undo", refuse, raising=False)
    action = worse().execute(undo=True)
    assert action.undo == "it could not be taken back: held by somebody else"
    assert action.status is ActionStatus.STARTED
