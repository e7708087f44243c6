"""train_baselines starts the pipeline that trains the hosted forest: on schedule, and once for a drift."""

import pytest

from selfheal.domain.errors import ServiceUnavailable
from selfheal.domain.model import Result
from selfheal.testing.builders import NOON
from selfheal.testing.hosting import MemoryPipeline
from tests.unit.steps.test_train_baselines import World, checks


@pytest.fixture
def world() -> World:
    world = World()
    world.fill(400)
    return world


def test_a_training_starts_the_pipeline_up_to_the_full_hour_and_says_so(world: World) -> None:
    world.pipeline = MemoryPipeline()
    world.clock.advance(17 * 60)
    done = world.run()
    assert world.pipeline.started == [NOON]
    assert done.hosted == "execution/20260115T120000Z" == world.ledger.written[-1].data["hosted"]


def test_a_level_shift_starts_the_pipeline_once(world: World) -> None:
    world.run()
    world.pipeline = MemoryPipeline()
    checks(world, 8, 120.0)
    assert len(world.pipeline.started) == 1


def test_a_lake_that_is_too_small_starts_nothing(world: World) -> None:
    world.pipeline = MemoryPipeline()
    world.lake.written.clear()
    assert world.run().result is Result.SKIPPED
    assert world.pipeline.started == []


def test_a_pipeline_that_cannot_be_started_is_in_the_record_and_the_embedded_model_is_trained(
    world: World,
) -> None:
    world.pipeline = MemoryPipeline(error=ServiceUnavailable("sagemaker:StartPipelineExecution: 503"))
    done = world.run()
    assert done.result is Result.PROMOTED
    assert done.hosted == "not started: sagemaker:StartPipelineExecution: 503"
