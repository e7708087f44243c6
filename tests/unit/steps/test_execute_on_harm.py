"""execute_action on a harmful deployment: rolled back only while an alarm still says that users are hurt."""

from dataclasses import replace
from datetime import timedelta

import pytest

from selfheal.domain.action import ActionStatus
from selfheal.domain.harm import Alarm, AlarmState, Harm
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import RunStatus
from selfheal.remedy_ports import DeploymentDetails
from selfheal.testing.builders import NOON
from selfheal.testing.deployments import BAD, GOOD, a_deployment_run
from selfheal.testing.execution import World
from selfheal.testing.fuse import Died, Fuse, die


@pytest.fixture
def world() -> World:
    """A harmful deployment whose two alarms went off, and the decision to roll it back."""
    world = World(run=a_deployment_run(RunStatus.SUCCEEDED))
    world.deployments.bad = DeploymentDetails(True, latest=BAD)
    world.incident = replace(world.incident, kind=IncidentKind.HARMFUL)
    world.incidents.stored[world.incident.id] = world.incident
    for name in ("shop-5xx", "shop-latency"):
        alarm = world.alarms.ring(name)
        world.harms.note(world.incident.id, Harm(alarm, 60.0))
    world.decide("roll_back_deployment")
    return world


def test_while_an_alarm_rings_the_deployment_is_rolled_back(world: World) -> None:
    world.alarms.settle("shop-latency")
    assert world.execute("roll_back_deployment").status is ActionStatus.STARTED
    assert world.deployments.changed == [("deploy", GOOD)]


def test_harm_that_went_by_itself_is_left_alone(world: World) -> None:
    """It may have taken a person hours to approve."""
    world.alarms.settle("shop-5xx", NOON + timedelta(hours=1))
    world.alarms.settle("shop-latency", NOON + timedelta(hours=1))
    action = world.execute("roll_back_deployment")
    assert action.status is ActionStatus.REFUSED
    assert action.reason == "the harm is over by itself: OK again: shop-5xx, shop-latency"
    assert world.deployments.changed == []


@pytest.mark.parametrize("state", [AlarmState.INSUFFICIENT_DATA, None])
def test_an_alarm_that_says_nothing_is_no_proof_that_the_harm_is_over(
    world: World, state: AlarmState | None
) -> None:
    world.alarms.alarms.clear()
    if state:
        world.alarms.alarms = {name: Alarm(name, state, NOON) for name in ("shop-5xx", "shop-latency")}
    assert world.execute("roll_back_deployment").status is ActionStatus.STARTED


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("calls", range(1, 30))
def test_wherever_it_dies_the_deployment_is_rolled_back_once(world: World, calls: int, after: bool) -> None:
    """Also when the rollback has begun to work before the next attempt, so that the alarms are quiet by then."""
    try:
        world.execute("roll_back_deployment", fuse=Fuse(calls, die, after))
    except Died:
        if world.deployments.made:
            world.alarms.settle("shop-5xx")
            world.alarms.settle("shop-latency")
    action = world.execute("roll_back_deployment")
    assert (action.status, action.new_run_id) == (ActionStatus.STARTED, "d-AGAIN-1")
    assert world.deployments.changed == [("deploy", GOOD)]
