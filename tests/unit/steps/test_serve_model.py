"""The champion serves; what cannot be used or read never stops a score, and is told."""

from dataclasses import dataclass, field

import pytest

from selfheal.detect.model import dump, embedded_model
from selfheal.domain.errors import RequestRejected, ServiceUnavailable
from selfheal.domain.model import Champion
from selfheal.steps.serve_model import FRESH, ModelServer, serving
from selfheal.testing.models import MemoryModels, a_model, a_record
from selfheal.testing.service import FixedClock

EMBEDDED = embedded_model().version


@dataclass
class CountingModels(MemoryModels):
    """Counts what is asked for, and fails on order."""

    looked: int = 0
    loaded: list[str] = field(default_factory=list)
    failure: Exception | None = None

    def champion(self) -> Champion:
        self.looked += 1
        if self.failure:
            raise self.failure
        return super().champion()

    def artifact(self, version: str) -> bytes:
        self.loaded.append(version)
        return super().artifact(version)

    def add(self, version: str) -> None:
        self.put(a_record(version), dump(a_model(version)))
        self.switch(self.pointer.promoted(version))


class World:
    def __init__(self) -> None:
        self.models, self.clock = CountingModels(), FixedClock()
        self.told: list[str] = []
        self.server = ModelServer(self.models, self.clock, self.told.append)

    def version(self) -> str:
        return self.server.current().version

    def later(self) -> None:
        self.clock.advance(FRESH.total_seconds())


@pytest.fixture
def world() -> World:
    return World()


def test_without_a_champion_the_embedded_model_serves_and_that_is_no_news(world: World) -> None:
    assert (world.version(), world.told) == (EMBEDDED, [])


def test_within_five_minutes_nothing_is_looked_up_again(world: World) -> None:
    world.models.add("m1")
    assert [world.version() for _ in range(9)] == ["m1"] * 9
    world.clock.advance(FRESH.total_seconds() - 1)
    assert world.version() == "m1"
    assert (world.models.looked, world.models.loaded) == (1, ["m1"])


def test_the_same_champion_is_not_loaded_again(world: World) -> None:
    world.models.add("m1")
    for _ in range(3):
        world.version()
        world.later()
    assert (world.models.looked, world.models.loaded) == (3, ["m1"])


def test_a_promotion_and_a_rollback_are_followed(world: World) -> None:
    world.models.add("m1")
    seen = [world.version()]
    world.models.add("m2")
    world.later()
    seen.append(world.version())
    world.models.switch(world.models.pointer.rolled_back())
    world.later()
    seen.append(world.version())
    world.models.switch(world.models.pointer.rolled_back())
    world.later()
    assert [*seen, world.version()] == ["m1", "m2", "m1", EMBEDDED]
    assert world.told == []


def test_a_champion_that_cannot_be_used_is_told_and_the_embedded_model_serves(
    world: World, unusable: bytes
) -> None:
    world.models.add("m1")
    world.models.artifacts["m1"] = unusable
    assert world.version() == EMBEDDED
    [told] = world.told
    assert told.startswith("m1: ")


def test_it_is_told_again_at_every_look_and_not_at_every_score(world: World) -> None:
    world.models.add("m1")
    world.models.artifacts["m1"] = b"damaged"
    for _ in range(3):
        world.version()
        world.version()
        world.later()
    assert len(world.told) == 3


def test_a_champion_whose_artifact_is_gone_is_told(world: World) -> None:
    world.models.add("m1")
    del world.models.artifacts["m1"]
    assert world.version() == EMBEDDED
    assert "m1" in world.told[0]


def test_a_damaged_pointer_is_told(world: World) -> None:
    world.models.pointer = Champion(damage="models/champion.json holds no list of versions")
    assert (world.version(), world.told) == (EMBEDDED, ["models/champion.json holds no list of versions"])


@pytest.mark.parametrize("failure", [ServiceUnavailable("no answer"), RequestRejected("denied")])
def test_a_store_that_does_not_answer_leaves_the_model_at_hand(world: World, failure: Exception) -> None:
    world.models.add("m1")
    assert world.version() == "m1"
    world.models.failure = failure
    world.later()
    assert world.version() == "m1"
    assert world.told == [f"the champion cannot be looked up: {failure}"]
    world.models.failure = None
    world.models.add("m2")
    world.later()
    assert world.version() == "m2"


def test_a_champion_that_is_mended_serves_at_the_next_look(world: World) -> None:
    world.models.add("m1")
    good = world.models.artifacts["m1"]
    world.models.artifacts["m1"] = b"damaged"
    assert world.version() == EMBEDDED
    world.models.artifacts["m1"] = good
    world.later()
    assert world.version() == "m1"


def test_a_pointer_to_what_is_no_version_is_told_and_the_embedded_model_serves(world: World) -> None:
    world.models.pointer = Champion(("../elsewhere",), "1")
    assert world.version() == embedded_model().version
    assert len(world.told) == 1 and "'../elsewhere' is no version" in world.told[0]
    assert (
        serving(world.models, world.models.pointer).model.version == EMBEDDED
    )  # so it hinders no training either
