"""Which forest serves, whatever happens to the endpoint."""

import pytest

from selfheal.detect.hosted import dump_hosted
from selfheal.domain.errors import (
    ForestUnavailable,
    InvalidEvent,
    RequestRejected,
    ServiceUnavailable,
    Throttled,
)
from selfheal.domain.model import Champion
from selfheal.steps.serve_hosted import COOL_DOWN, FRESH, HostedServer
from selfheal.testing.models import MemoryForest, MemoryModels, a_hosted_model, a_record
from selfheal.testing.service import FixedClock


class World:
    def __init__(self) -> None:
        self.models, self.forest, self.clock = MemoryModels(), MemoryForest(2.0), FixedClock()
        self.told: list[str] = []
        self.server = HostedServer(self.models, self.forest, self.clock, self.told.append)

    def serve(self, version: str) -> None:
        self.models.put(a_record(version), dump_hosted(a_hosted_model(version)))
        self.models.switch(self.models.champion().promoted(version))


@pytest.fixture
def world() -> World:
    return World()


def test_before_the_first_promotion_the_embedded_forest_serves_and_that_is_no_news(world: World) -> None:
    assert world.server.current() is None
    assert world.told == []


def test_the_champion_serves_and_is_asked(world: World) -> None:
    world.serve("h1")
    hosted = world.server.current()
    assert hosted is not None
    assert (hosted.model.version, hosted.shared([0.0])) == ("h1", 1.0)


def test_while_the_endpoint_is_on_its_way_the_embedded_forest_serves(world: World) -> None:
    """Two versions may answer then, and a threshold is good for one."""
    world.serve("h1")
    assert world.server.current()
    world.models.pointer = Champion(("h1",), world.models.pointer.tag, moving="h2")
    world.clock.advance(FRESH.total_seconds())
    assert world.server.current() is None
    assert world.told == ["the endpoint is on its way to h2"]


def test_a_new_champion_is_seen_within_a_minute(world: World) -> None:
    world.serve("h1")
    world.server.current()
    world.serve("h2")
    world.clock.advance(FRESH.total_seconds())
    hosted = world.server.current()
    assert hosted and hosted.model.version == "h2"


@pytest.mark.parametrize(
    "error",
    [
        Throttled("sagemaker:InvokeEndpoint: ThrottlingException"),
        ServiceUnavailable("sagemaker:InvokeEndpoint: ReadTimeoutError"),
        RequestRejected("sagemaker:InvokeEndpoint: ValidationError"),
        InvalidEvent("scores", "the endpoint's answer holds none"),
    ],
)
def test_an_endpoint_that_fails_is_left_alone_for_a_minute(world: World, error: Exception) -> None:
    world.serve("h1")
    world.forest.error = error
    hosted = world.server.current()
    assert hosted is not None
    with pytest.raises(ForestUnavailable):
        hosted.shared([0.0])
    assert world.server.current() is None
    assert world.forest.asked == 1
    assert world.told == [f"the endpoint does not serve: {error}"]
    world.forest.error = None
    world.clock.advance(COOL_DOWN.total_seconds() + 1)
    assert world.server.current()


def test_thresholds_that_cannot_be_read_leave_it_to_the_embedded_forest(world: World) -> None:
    world.serve("h1")
    world.models.artifacts["h1"] = b"damaged"
    assert world.server.current() is None
    assert world.told[0].startswith("h1: the artifact does not begin like a model")


def test_a_pointer_that_is_damaged_is_told_of(world: World) -> None:
    world.models.pointer = Champion((), "1", "it holds no list")
    assert world.server.current() is None
    assert world.told == ["it holds no list"]
