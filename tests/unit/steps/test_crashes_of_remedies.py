"""Every remedy, killed at every call it makes, and tried again an hour later: it has acted once."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.run import Run, RunStatus
from selfheal.remedies.registry import modules, remedy_module
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.deployments import a_deployment_run
from selfheal.testing.execution import World
from selfheal.testing.fuse import Died, Fuse, die
from selfheal.testing.stages import FAILED, a_stage_run

MOST_CALLS = 30
EVERY_CALL = [(n, after) for n in range(1, MOST_CALLS) for after in (False, True)]
BUILD = "shop:again-1"
# Which run each remedy is tried on, and the run it starts.
CASES: dict[str, tuple[Run, str]] = {
    "retry_build": (a_run(), BUILD),
    "retry_build_clean": (a_run(), BUILD),
    "retry_build_bigger": (a_run(), BUILD),
    "retry_build_longer": (a_run(status=RunStatus.TIMED_OUT), BUILD),
    "wait_and_retry": (a_run(), BUILD),
    "retry_stage": (a_stage_run(), f"shop/Deploy/{FAILED}/2"),
    "roll_back_stage": (a_stage_run(), "shop/Deploy/rollback-1/1"),
    "hold_stage": (a_stage_run(), ""),
    "roll_back_deployment": (a_deployment_run(), "d-AGAIN-1"),
    "run_runbook": (a_run(), "automation-1"),
}
ALL = [(remedy, n, after) for remedy in CASES for n, after in EVERY_CALL]


def a_world(remedy: str) -> World:
    world = World(run=CASES[remedy][0], runbook="Selfheal-clean-up")
    good = a_run("shop:good", RunStatus.SUCCEEDED, source_version="f" * 40)
    world.service.add(replace(good, started_at=NOON - timedelta(hours=1), ended_at=NOON))
    world.decide(remedy)
    return world


def effects(world: World) -> list[Any]:
    """What was done that cannot be done twice without harm; a stage that is held twice is held."""
    stages = world.stages.changed
    held = {change for change in stages if change[0] == "hold"}
    others = [change for change in stages if change not in held]
    return [*world.service.started, *world.runbooks.started, *world.deployments.changed, *others, *held]


def test_every_remedy_that_touches_something_is_tried_here() -> None:
    assert CASES.keys() == modules().keys() - {"notify"}


@pytest.mark.parametrize("remedy", CASES)
def test_no_remedy_makes_more_calls_than_are_tried(remedy: str) -> None:
    fuse = Fuse(MOST_CALLS, die)
    a_world(remedy).execute(remedy, fuse=fuse)
    assert fuse.calls > 0


@pytest.mark.parametrize(("remedy", "n", "after"), ALL)
def test_a_remedy_acts_once_wherever_the_function_dies(remedy: str, n: int, after: bool) -> None:
    world = a_world(remedy)
    with suppress(Died):
        world.execute(remedy, fuse=Fuse(n, die, after))
    world.clock.advance(3600)
    world.service.tokens.clear()  # CodeBuild forgets idempotency tokens after five minutes
    action = world.execute(remedy)
    ended = ActionStatus.STARTED if remedy_module(remedy).REMEDY.awaits else ActionStatus.DONE
    assert (action.status, action.new_run_id) == (ended, CASES[remedy][1])
    assert len(effects(world)) == len(world.actions.charged) == 1
    assert world.execute(remedy) == action and len(effects(world)) == 1


@pytest.mark.parametrize(("remedy", "n", "after"), ALL)
def test_two_executions_at_once_act_once(remedy: str, n: int, after: bool) -> None:
    world = a_world(remedy)
    answers: list[Action] = []

    def attempt(run: Callable[[], Action]) -> None:
        with suppress(Exception):
            answers.append(run())

    fuse = Fuse(n, lambda: attempt(lambda: world.execute(remedy)), after)
    attempt(lambda: world.execute(remedy, fuse=fuse))
    last = world.execute(remedy)
    assert last.new_run_id == CASES[remedy][1] and last.status is not ActionStatus.REFUSED
    assert len(effects(world)) == len(world.actions.charged) == 1
    assert {answer.new_run_id for answer in answers} <= {last.new_run_id}


@pytest.mark.parametrize("remedy", ["retry_stage", "roll_back_stage", "roll_back_deployment"])
def test_who_is_refused_because_another_was_faster_links_what_that_one_started(remedy: str) -> None:
    """The other has made the call and died before it noted it: a plain refusal now would lose the run."""
    call = next(n for n in range(1, MOST_CALLS) if effects(resumed(remedy, Fuse(n, die, after=True))))
    world = intended(remedy)

    def another() -> None:
        with suppress(Died):
            world.execute(remedy, fuse=Fuse(call, die, after=True))

    action = world.execute(remedy, fuse=Fuse(call, another))
    assert (action.status, action.new_run_id) == (ActionStatus.STARTED, CASES[remedy][1])
    assert len(effects(world)) == 1


@pytest.mark.parametrize("remedy", CASES)
def test_who_finds_an_intent_instead_of_writing_one_looks_for_what_it_started(remedy: str) -> None:
    """The other has written its intent, made the call and died, between our first look and our own intent."""
    intend = next(n for n in range(1, MOST_CALLS) if died(remedy, n).actions.charged)
    call = next(n for n in range(1, MOST_CALLS) if effects(died(remedy, n)))
    world = a_world(remedy)

    def another() -> None:
        with suppress(Died):
            world.execute(remedy, fuse=Fuse(call, die, after=True))
        world.service.tokens.clear()

    action = world.execute(remedy, fuse=Fuse(intend, another))
    assert action.new_run_id == CASES[remedy][1] and action.status is not ActionStatus.REFUSED
    assert len(effects(world)) == len(world.actions.charged) == 1


def died(remedy: str, n: int) -> World:
    """A world in which the function died right after that call."""
    world = a_world(remedy)
    with suppress(Died):
        world.execute(remedy, fuse=Fuse(n, die, after=True))
    return world


def intended(remedy: str) -> World:
    """A world in which an execution died right after it had written its intent."""
    return next(world for n in range(1, MOST_CALLS) if (world := died(remedy, n)).actions.charged)


def resumed(remedy: str, fuse: Fuse) -> World:
    world = intended(remedy)
    with suppress(Died):
        world.execute(remedy, fuse=fuse)
    return world
