"""The way of a registered forest to the endpoint, and back."""

from collections.abc import Sequence

import pytest

from selfheal.detect import hosted as hosted_module
from selfheal.detect.evaluation import Row
from selfheal.domain.errors import InvalidEvent, ServiceUnavailable
from selfheal.domain.hosting import EndpointState, EndpointStatus
from selfheal.domain.model import EMBEDDED, Champion, Result, Training
from selfheal.steps.promote_model import CANARY, Promoter, promote_model
from selfheal.testing.hosting import GROUP, MemoryEndpoint, MemoryPackages, MemoryPipeline
from selfheal.testing.models import MemoryForest, MemoryModelLedger, MemoryModels
from selfheal.testing.service import FixedClock
from tests.unit.steps.forests import Judge, blind, good, registered, rows

BUDGET = 20.0


class JudgingForest(MemoryForest):
    """The endpoint's forest: judges the vectors of the rows as a registered one does."""

    judge: Judge = staticmethod(good)

    def scores(self, vectors: Sequence[Sequence[float]]) -> list[float]:
        super().scores(vectors)
        return [self.judge(Row("", False, tuple(vector), 0, 0, True, 0)) for vector in vectors]


class World:
    def __init__(self) -> None:
        self.packages, self.models, self.embedded = MemoryPackages(), MemoryModels(), MemoryModels()
        self.endpoint, self.forest, self.pipeline = MemoryEndpoint(), JudgingForest(), MemoryPipeline()
        self.ledger, self.clock = MemoryModelLedger(), FixedClock()
        self.promoter = Promoter(
            self.packages, self.models, self.embedded, self.endpoint, self.forest, self.pipeline, self.ledger,
            self.clock, BUDGET, GROUP,
        )  # fmt: skip

    def register(self, version: str, judge: Judge = good) -> Training:
        self.packages.add(f"arn/{version}", registered(version, judge))
        self.clock.advance(1)
        return self.consider(f"arn/{version}")

    def consider(self, arn: str) -> Training:
        event = {"detail-type": "SageMaker Model Package State Change", "detail": {"ModelPackageArn": arn}}
        return promote_model(event, self.promoter)

    def settle(self) -> Training:
        self.clock.advance(1)
        return promote_model({"reason": "settle"}, self.promoter)

    def serve(self, version: str, judge: Judge = good) -> None:
        assert self.register(version, judge).result is Result.PROMOTED
        self.endpoint.arrive()
        self.settle()

    @property
    def events(self) -> list[tuple[str, str]]:
        return [(entry.event.value, entry.version) for entry in self.ledger.written]


@pytest.fixture
def world() -> World:
    return World()


def test_the_first_forest_is_held_against_the_embedded_one_and_takes_over_when_the_endpoint_is_there(
    world: World,
) -> None:
    done = world.register("h1")
    assert (done.result, done.version, done.champion) == (Result.PROMOTED, "h1", EMBEDDED)
    assert done.figures and done.champion_figures and done.figures.runs == done.champion_figures.runs == 400
    assert world.forest.asked == 0
    assert (world.models.champion().served, world.models.champion().moving) == ((), "h1")
    assert world.endpoint.asked == [("h1", "arn/h1")]
    world.endpoint.arrive()
    assert world.settle().version == "h1"
    assert world.models.champion().served == ("h1",) and not world.models.champion().moving
    assert world.endpoint.scaled == 1
    assert world.events == [("promoted", "h1")]


def test_a_forest_that_is_worse_is_refused_with_figures_and_the_champion_stays(world: World) -> None:
    world.serve("h1")
    done = world.register("h2", blind)
    assert done.result is Result.REFUSED
    assert done.reason.startswith("it ranks") and done.figures and done.champion_figures
    assert done.figures.ranked < done.champion_figures.ranked
    assert world.models.champion().version == "h1"
    assert len(world.endpoint.asked) == 1
    assert world.models.record("h2").figures == done.figures
    assert world.events[-1] == ("refused", "h2")


def test_the_champion_is_asked_about_the_same_rows_at_its_endpoint(world: World) -> None:
    world.serve("h1")
    asked = world.forest.asked
    done = world.register("h2")
    assert world.forest.asked == asked + 1
    assert done.figures == done.champion_figures


def test_a_package_that_nobody_approved_or_of_another_group_is_left_alone(world: World) -> None:
    world.packages.add("arn/pending", registered("h1", good), approved=False)
    world.packages.add("arn/other", registered("h2", good), group="other")
    assert [world.consider(arn).result for arn in ("arn/pending", "arn/other")] == [Result.STEADY] * 2
    assert world.events == [] and world.endpoint.asked == []


def test_a_forest_of_another_feature_version_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.serve("h1")
    world.packages.add("arn/h2", registered("h2", good))
    monkeypatch.setattr(hosted_module, "FEATURES_VERSION", "2")
    done = world.consider("arn/h2")
    assert done.result is Result.REFUSED
    assert "features_version: the artifact has '1', this code needs '2'" in done.reason
    assert world.models.champion().version == "h1"


@pytest.mark.parametrize(
    ("name", "body", "problem"),
    [
        ("thresholds", b"torn", "does not begin like a model"),
        ("rows", b"{}\n", "is no row of an evaluation"),
        ("rows", b"\xff", "is no text"),
        ("scores", b'{"score": 1}\n', "1 lines were answered to 1400 vectors"),
    ],
)
def test_what_is_damaged_is_refused_with_the_reason(
    world: World, name: str, body: bytes, problem: str
) -> None:
    world.packages.add("arn/h1", {**registered("h1", good), name: body})
    done = world.consider("arn/h1")
    assert done.result is Result.REFUSED and problem in done.reason
    assert world.events == [("refused", "")]


def test_an_event_that_comes_twice_changes_nothing(world: World) -> None:
    world.serve("h1")
    assert world.consider("arn/h1").result is Result.STEADY
    assert world.events == [("promoted", "h1")]


def test_whoever_died_between_pointer_and_endpoint_is_carried_on(world: World) -> None:
    world.endpoint.error = ServiceUnavailable("sagemaker:UpdateEndpoint: timed out")
    with pytest.raises(ServiceUnavailable):
        world.register("h1")
    assert world.models.champion().moving == "h1"
    world.endpoint.error = None
    world.settle()
    assert world.endpoint.asked == [("h1", "arn/h1")]
    world.consider("arn/h1")
    world.endpoint.arrive()
    world.settle()
    assert world.models.champion().served == ("h1",)
    assert world.events == [("promoted", "h1")]


def test_an_update_that_an_alarm_sent_back_is_in_the_record_and_the_champion_stays(world: World) -> None:
    world.serve("h1")
    world.register("h2")
    world.endpoint.go_back("alarm EndpointErrors")
    done = world.settle()
    assert done.result is Result.REFUSED and "alarm EndpointErrors" in done.reason
    assert world.models.champion().served == ("h1",) and not world.models.champion().moving
    assert world.events[-1] == ("refused", "h2")


def test_an_endpoint_that_could_not_be_made_serves_nothing(world: World) -> None:
    world.register("h1")
    world.endpoint.now = EndpointState(EndpointStatus.FAILED, "h1", "no capacity")
    done = world.settle()
    assert (
        done.result is Result.REFUSED
        and done.reason == "the endpoint did not get there, it failed h1: no capacity"
    )
    assert world.models.champion().version == EMBEDDED


def test_while_it_is_on_its_way_the_endpoint_is_asked_so_that_its_alarms_can_ring(world: World) -> None:
    world.register("h1")
    assert world.settle().reason == "the endpoint is on its way to h1 and answers"
    assert world.forest.asked == 1 and len(CANARY) == 20


def test_a_forest_that_comes_while_the_endpoint_is_on_its_way_waits_for_a_person(world: World) -> None:
    world.register("h1")
    done = world.register("h2")
    assert done.result is Result.REFUSED and "on its way to h1" in done.reason
    assert world.models.record("h2").package == "arn/h2"


def test_an_endpoint_that_cannot_be_scaled_serves_all_the_same(world: World) -> None:
    world.register("h1")
    world.endpoint.arrive()
    world.endpoint.error = ServiceUnavailable("application-autoscaling:RegisterScalableTarget: 503")
    assert world.settle().reason.startswith(
        "the endpoint serves it, and does not follow its load: application"
    )
    assert world.models.champion().served == ("h1",)


@pytest.mark.parametrize("strange", ["h2", ""])
def test_an_endpoint_that_serves_another_forest_than_the_pointer_says_is_sent_back(
    world: World, strange: str
) -> None:
    world.serve("h1")
    world.endpoint.now = EndpointState(EndpointStatus.SERVES, strange)
    done = world.settle()
    assert done.result is Result.STEADY and "it is sent back" in done.reason
    assert world.models.champion().moving == "h1", "meanwhile nobody asks it"
    assert world.endpoint.asked[-1] == ("h1", "arn/h1")
    world.endpoint.arrive()
    world.settle()
    assert world.models.champion() == Champion(("h1",), world.models.champion().tag)


def test_nothing_is_said_while_the_endpoint_stands_still(world: World) -> None:
    assert world.settle().result is Result.STEADY
    assert world.events == []


def test_a_pointer_that_somebody_else_moved_meanwhile_stands(world: World) -> None:
    world.models.before_switch = Champion(("h9",))
    done = world.register("h1")
    assert done.result is Result.REFUSED and "the pointer changed" in done.reason
    assert world.models.champion().version == "h9" and world.endpoint.asked == []


def test_a_training_that_failed_is_in_the_record_with_its_reason(world: World) -> None:
    world.pipeline.failure = "PrepareData: the lake holds no run of these days"
    event = {
        "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
        "detail": {"pipelineExecutionArn": "execution/1"},
    }
    done = promote_model(event, world.promoter)
    assert (done.result, done.reason, done.hosted) == (
        Result.REFUSED,
        "PrepareData: the lake holds no run of these days",
        "execution/1",
    )
    assert world.events == [("refused", "")]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"reason": "for fun"},
        {"detail-type": "SageMaker Model Package State Change"},
        {"detail-type": "SageMaker Model Package State Change", "detail": {"ModelPackageArn": 3}},
    ],
)
def test_what_it_was_not_made_for_is_refused(world: World, event: dict[str, object]) -> None:
    with pytest.raises(InvalidEvent, match=r"^detail"):
        promote_model(event, world.promoter)


def test_the_rows_that_forests_are_judged_by_tell_good_from_blind() -> None:
    odd = [row for row in rows() if row.odd]
    assert sum(map(good, odd)) > sum(map(blind, odd))
