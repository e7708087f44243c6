"""Changing by hand which hosted forest serves."""

import pytest

from selfheal.detect.hosted import dump_hosted
from selfheal.domain.errors import ChampionChanged, ModelNotFound, ModelRefused, NothingToRollBack
from selfheal.domain.model import EMBEDDED, Champion
from selfheal.steps.switch_hosted import HostedSwitch
from selfheal.testing.hosting import MemoryEndpoint
from selfheal.testing.models import MemoryModelLedger, MemoryModels, a_hosted_model, a_record
from selfheal.testing.service import FixedClock

ANN = "arn:aws:iam::111122223333:user/ann"


class World:
    def __init__(self, *served: str) -> None:
        self.models, self.endpoint, self.ledger = MemoryModels(), MemoryEndpoint(), MemoryModelLedger()
        for version in ("h1", "h2", "h3"):
            self.models.put(a_record(version, package=f"arn/{version}"), dump_hosted(a_hosted_model(version)))
        self.models.pointer = Champion(served)
        self.switch = HostedSwitch(self.models, self.endpoint, self.ledger, FixedClock(), ANN)

    @property
    def entries(self) -> list[tuple[str, str, str]]:
        return [(entry.event.value, entry.version, entry.by) for entry in self.ledger.written]


def test_a_promotion_sends_the_endpoint_to_the_package_and_is_written_down() -> None:
    world = World("h1")
    after = world.switch.promote("h2")
    assert (after.served, after.moving) == (("h1",), "h2")
    assert world.endpoint.asked == [("h2", "arn/h2")]
    assert world.entries == [("promoted", "h2", ANN)]


def test_promoting_the_one_that_serves_changes_nothing() -> None:
    world = World("h1")
    assert world.switch.promote("h1").version == "h1"
    assert world.endpoint.asked == [] and world.entries == []


def test_a_rollback_goes_to_the_version_before() -> None:
    world = World("h1", "h2")
    after = world.switch.roll_back()
    assert (after.served, after.moving) == (("h1",), "h1")
    assert world.endpoint.asked == [("h1", "arn/h1")]
    assert after.arrived("h1").served == ("h1",)
    assert after.arrived("h2").served == ("h1", "h2"), (
        "an endpoint that did not get there serves the old version"
    )
    assert world.entries == [("rolled_back", "h1", ANN)]


def test_a_rollback_from_the_first_one_leaves_it_to_the_embedded_forest_at_once() -> None:
    world = World("h1")
    after = world.switch.roll_back()
    assert (after.version, after.moving) == (EMBEDDED, "")
    assert world.endpoint.asked == []
    assert world.entries == [("rolled_back", "", ANN)]


def test_a_rollback_passes_over_what_this_code_cannot_use() -> None:
    world = World("h1", "h2", "h3")
    world.models.artifacts["h2"] = b"of another release"
    assert world.switch.roll_back().moving == "h1"


def test_what_is_not_there_or_does_not_fit_is_not_promoted() -> None:
    world = World("h1")
    world.models.artifacts["h2"] = b"of another release"
    with pytest.raises(ModelNotFound):
        world.switch.promote("h9")
    with pytest.raises(ModelRefused):
        world.switch.promote("h2")
    with pytest.raises(NothingToRollBack):
        World().switch.roll_back()
    assert world.entries == []


def test_nobody_turns_an_endpoint_that_is_on_its_way() -> None:
    world = World("h1")
    world.models.pointer = Champion(("h1",), moving="h2")
    with pytest.raises(ChampionChanged, match="on its way to h2"):
        world.switch.promote("h3")
    with pytest.raises(ChampionChanged, match="on its way to h2"):
        world.switch.roll_back()


def test_a_race_is_written_down_and_the_endpoint_left_alone() -> None:
    world = World("h1")
    world.models.before_switch = Champion(("h3",))
    with pytest.raises(ChampionChanged, match="somebody else"):
        world.switch.promote("h2")
    assert [event for event, _, _ in world.entries] == ["promoted", "refused"]
    assert world.endpoint.asked == []
