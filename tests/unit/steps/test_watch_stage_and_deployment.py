"""watch_deployment where one alarm speaks for a stage and for the deployment that the stage made: one incident."""

from datetime import timedelta

import pytest

from selfheal.domain.harm import Unblamed
from selfheal.domain.incident import harm_incident_id
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus
from selfheal.domain.watch import Watch
from selfheal.steps.watch_deployment import Watched
from selfheal.testing.builders import NOON, a_measurement
from tests.unit.steps.test_watch_deployment import BAKE, HARM, PROD, STAGE, World, deployed, minutes, unblamed

STAGE_RUN = "shop/Deploy/e/1"
STAGE_HARM = harm_incident_id(STAGE_RUN)


def watching(*runs: Measurement) -> World:
    world = World(watches=[Watch(("shop-*",), PROD, BAKE), Watch(("shop-*",), STAGE, BAKE)])
    return world.ringing(*runs)


def staged(
    status: RunStatus = RunStatus.SUCCEEDED,
    *,
    starts: float = -5,
    seconds: float = 80,
    rolls_back: bool = False,
) -> Measurement:
    """The stage of d-2: it began five seconds before the deployment, and ended fifteen after it."""
    return a_measurement(
        STAGE_RUN,
        status,
        pipeline=STAGE,
        started_at=NOON + timedelta(seconds=starts),
        duration_seconds=seconds,
        rolls_back=rolls_back,
    )


def test_the_deployment_is_blamed_alone_and_the_stage_joins_its_incident() -> None:
    world = watching(deployed("d-2"))
    assert world.look(PROD) == [Watched("shop-5xx", HARM)]
    world.runs.save(staged())
    assert world.look(STAGE) == world.look() == [Watched("shop-5xx", HARM)]
    assert list(world.incidents.stored) == [HARM] and len(world.bus.published) == 1
    (harm,) = world.harms.of_incident(HARM)
    assert harm.rivals == ()


def test_so_it_is_when_the_alarm_comes_after_both() -> None:
    world = watching(deployed("d-2"), staged())
    assert world.look() == [Watched("shop-5xx", HARM)]
    (harm,) = world.harms.of_incident(HARM)
    assert harm.rivals == ()


def test_a_deployment_that_is_measured_late_joins_the_incident_of_its_stage() -> None:
    world = watching(staged())
    assert world.look(STAGE) == [Watched("shop-5xx", STAGE_HARM)]
    world.runs.save(deployed("d-2"))
    assert world.look(PROD) == [Watched("shop-5xx", STAGE_HARM)]
    assert list(world.incidents.stored) == [STAGE_HARM]
    world.alarms.ring("shop-latency", minutes(6))
    world.look("shop-latency")
    assert [harm.rivals for harm in world.harms.of_incident(STAGE_HARM)] == [(), ()]


@pytest.mark.parametrize(("starts", "seconds"), [(1, 80), (-5, 64)])
def test_a_deployment_that_reaches_beyond_the_stage_is_another_suspect(starts: float, seconds: float) -> None:
    world = watching(deployed("d-2"), staged(starts=starts, seconds=seconds))
    found = world.look()
    harms = [harm for watched in found for harm in world.harms.of_incident(watched.incident_id)]
    assert len(harms) == 1 and len(harms[0].rivals) == 1


def test_of_two_deployments_of_one_stage_the_last_is_blamed_and_the_other_named() -> None:
    world = watching(deployed("d-1", ago=2), deployed("d-2"), staged(starts=-300, seconds=400))
    assert world.look() == [Watched("shop-5xx", HARM)]
    (harm,) = world.harms.of_incident(HARM)
    assert harm.rivals == ("codedeploy:shop/prod d-1",)


def test_a_stage_that_went_back_is_not_gone_back_on_by_its_deployment() -> None:
    assert unblamed(watching(deployed("d-2"), staged(rolls_back=True))) is Unblamed.ROLLBACK
    assert unblamed(watching(deployed("d-2", rolls_back=True), staged())) is Unblamed.ROLLBACK


def test_a_stage_that_did_not_succeed_has_an_incident_of_its_own() -> None:
    assert unblamed(watching(deployed("d-2"), staged(RunStatus.FAILED))) is Unblamed.NOT_SUCCEEDED


def test_a_later_deployment_is_blamed_itself() -> None:
    world = watching(deployed("d-2"), staged(), deployed("d-3", ago=-3))
    world.alarms.ring("shop-5xx", minutes(5))
    assert world.look() == [Watched("shop-5xx", harm_incident_id("d-3"))]
