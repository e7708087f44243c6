"""Promoting and rolling back by hand: only what can be used serves, one of two writers wins, all is written down."""

import pytest

from selfheal.detect.model import dump
from selfheal.domain.errors import ChampionChanged, ModelNotFound, ModelRefused, NothingToRollBack
from selfheal.domain.model import EMBEDDED, Champion, ModelEvent
from selfheal.steps.switch_model import ModelSwitch
from selfheal.testing.models import MemoryModelLedger, MemoryModels, a_model, a_record
from selfheal.testing.service import FixedClock

ANN = "arn:aws:sts::111122223333:assumed-role/developer/ann"


class World:
    def __init__(self, *versions: str) -> None:
        self.models, self.ledger, self.clock = MemoryModels(), MemoryModelLedger(), FixedClock()
        for version in versions:
            self.models.put(a_record(version), dump(a_model(version)))

    @property
    def switch(self) -> ModelSwitch:
        return ModelSwitch(self.models, self.ledger, self.clock, ANN)

    def promote(self, version: str) -> str:
        self.clock.advance(1)
        return self.switch.promote(version).version

    def roll_back(self) -> str:
        self.clock.advance(1)
        return self.switch.roll_back().version


def test_every_switch_is_written_down_with_who_and_what_before() -> None:
    world = World("m1", "m2")
    assert [world.promote("m1"), world.promote("m2"), world.roll_back(), world.roll_back()] == [
        "m1",
        "m2",
        "m1",
        EMBEDDED,
    ]
    assert [(e.event, e.version, e.by, e.data["instead_of"]) for e in world.ledger.written] == [
        (ModelEvent.PROMOTED, "m1", ANN, EMBEDDED),
        (ModelEvent.PROMOTED, "m2", ANN, "m1"),
        (ModelEvent.ROLLED_BACK, "m1", ANN, "m2"),
        (ModelEvent.ROLLED_BACK, "", ANN, "m1"),
    ]


def test_promoting_the_one_that_serves_changes_nothing() -> None:
    world = World("m1")
    world.promote("m1")
    assert world.promote("m1") == "m1"
    assert world.models.champion().served == ("m1",)
    assert len(world.ledger.written) == 1


def test_what_cannot_be_used_is_not_promoted(unusable: bytes) -> None:
    world = World("m1")
    world.models.artifacts["m1"] = unusable
    with pytest.raises(ModelRefused):
        world.promote("m1")
    with pytest.raises(ModelNotFound, match="m9"):
        world.promote("m9")
    assert (world.models.champion(), world.ledger.written) == (Champion(), [])


def test_a_rollback_passes_over_what_cannot_be_used(unusable: bytes) -> None:
    world = World("m1", "m2", "m3", "m4")
    for version in ("m1", "m2", "m3", "m4"):
        world.promote(version)
    world.models.artifacts["m3"] = unusable
    del world.models.artifacts["m2"]
    assert world.roll_back() == "m1"


def test_a_rollback_passes_over_what_is_no_version() -> None:
    world = World("m1", "m2")
    world.models.pointer = Champion(("m1", "../elsewhere", "m2"))
    assert world.roll_back() == "m1"


def test_below_the_first_model_there_is_nothing() -> None:
    with pytest.raises(NothingToRollBack):
        World().roll_back()


@pytest.mark.parametrize("act", ["promote", "roll_back"])
def test_a_switch_that_came_second_is_refused_and_does_not_undo_the_first(act: str) -> None:
    world = World("m1", "m2", "m3")
    world.promote("m1")
    world.models.before_switch = Champion(("m1", "m2"))
    with pytest.raises(ChampionChanged, match="try again"):
        world.promote("m3") if act == "promote" else world.roll_back()
    assert world.models.champion().served == ("m1", "m2")
    assert world.ledger.written[-1].event is ModelEvent.REFUSED


def test_a_damaged_pointer_is_mended_by_a_promotion() -> None:
    world = World("m1")
    world.models.pointer = Champion(damage="no list", tag="3")
    assert world.promote("m1") == "m1"
    assert world.models.champion().damage == ""


def test_twenty_models_can_be_gone_back_to() -> None:
    champion = Champion()
    for number in range(25):
        champion = champion.promoted(f"m{number}")
    assert champion.served == tuple(f"m{number}" for number in range(5, 25))
