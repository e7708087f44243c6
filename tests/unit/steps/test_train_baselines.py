"""train_baselines: a challenger is trained on the lake and serves only if it is not worse; drift trains once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from selfheal.detect.drift import FEWEST_RUNS
from selfheal.detect.features import FEATURES
from selfheal.detect.model import GlobalModel
from selfheal.detect.training import Replay
from selfheal.domain.errors import ServiceUnavailable, TooLittleHistory
from selfheal.domain.measurement import Measurement
from selfheal.domain.model import EMBEDDED, Champion, Figures, ModelEvent, Result, Training
from selfheal.steps.train_baselines import (
    TRAINED_ON,
    Reason,
    Trainer,
    TrainingRequest,
)
from selfheal.testing.builders import NOON, a_measurement
from selfheal.testing.hosting import MemoryPipeline
from selfheal.testing.memory import MemoryLake
from selfheal.testing.models import MemoryDrift, MemoryModelLedger, MemoryModels, a_model
from selfheal.testing.service import FixedClock

GOOD = Figures(runs=1000, alarms_per_1000=5.0, caught=0.90, ranked=1.0)


@dataclass
class ScriptedLearner:
    """Learner: a model takes 100 runs; figures come from the script, by version; the spread is the durations."""

    script: dict[str, Figures] = field(default_factory=dict)
    budget: float = 5.0
    trained_on: list[Measurement] = field(default_factory=list)
    replayed: list[Sequence[Measurement]] = field(default_factory=list)
    failure: Exception | None = None

    def sample(self, history: Iterable[Measurement]) -> list[Measurement]:
        return list(history)

    def train(self, history: Sequence[Measurement], *, at: datetime) -> GlobalModel:
        self.trained_on = list(history)
        if self.failure:
            raise self.failure
        if len(self.trained_on) < 100:
            raise TooLittleHistory(f"{len(self.trained_on)} runs in the lake, a model takes 100")
        return a_model(f"m-{at:%dT%H}")

    def replay(self, model: GlobalModel, recent: Sequence[Measurement]) -> Replay:
        self.replayed.append(recent)
        figures = self.script.get(model.version, GOOD)
        ordinary = [0.0] * (len(FEATURES) - 1)
        vectors = [[run.duration_seconds, *ordinary] for run in recent]
        scores = [1.0 for _ in recent]
        odd = [2.0 if n < figures.ranked * 100 else 0.0 for n in range(100)]
        return Replay(figures.runs, figures.alarms_per_1000, figures.caught, vectors, scores, odd)


class World:
    def __init__(self) -> None:
        self.lake, self.models, self.ledger = MemoryLake(), MemoryModels(), MemoryModelLedger()
        self.drift, self.clock, self.learner = MemoryDrift(), FixedClock(), ScriptedLearner()
        self.pipeline: MemoryPipeline | None = None

    def fill(self, count: int, seconds: float = 60.0, every: float = 10.0) -> None:
        """Runs at equal distances in minutes, the last one just before now; durations vary a little."""
        now = self.clock.now()
        self.lake.put(
            [
                a_measurement(
                    f"shop:{now:%d%H}-{n}",
                    started_at=now - timedelta(minutes=every * (count - n)),
                    duration_seconds=seconds * (1 + n % 10 / 100),
                )
                for n in range(count)
            ]
        )

    def run(self, reason: Reason = Reason.SCHEDULE) -> Training:
        trainer = Trainer(
            lake=self.lake,
            models=self.models,
            ledger=self.ledger,
            drift=self.drift,
            clock=self.clock,
            learner=self.learner,
            pipeline=self.pipeline,
        )
        return trainer.run(TrainingRequest(reason))

    def events(self) -> list[tuple[str, str]]:
        return [(entry.event.value, entry.version) for entry in self.ledger.written]


@pytest.fixture
def world() -> World:
    world = World()
    world.fill(400)
    return world


# ---- training


def test_the_first_model_is_promoted_over_the_embedded_one(world: World) -> None:
    done = world.run()
    assert (done.result, done.version, done.champion) == (Result.PROMOTED, "m-15T12", EMBEDDED)
    assert world.models.champion().version == "m-15T12"
    assert world.models.record("m-15T12").figures == GOOD


def test_the_ledger_has_the_decision_with_its_numbers(world: World) -> None:
    world.run()
    [entry] = world.ledger.written
    assert (entry.event, entry.version, entry.by) == (ModelEvent.PROMOTED, "m-15T12", "train_baselines")
    assert entry.data["why"] == "schedule"
    assert entry.data["figures"] == {"runs": 1000, "alarms_per_1000": 5.0, "caught": 0.9, "ranked": 1.0}
    assert entry.data["champion_figures"] == entry.data["figures"]


def test_a_worse_challenger_is_kept_but_does_not_serve(world: World) -> None:
    world.run()
    world.clock.advance(86_400)
    world.learner.script["m-16T12"] = Figures(1000, 5.0, 0.9, 0.5)
    done = world.run()
    assert done.result is Result.REFUSED
    assert (
        "ranks 50.0% of the injected anomalies above 99% of ordinary runs, the champion 100.0%" in done.reason
    )
    assert world.models.champion().version == "m-15T12"
    assert set(world.models.records) == {"m-15T12", "m-16T12"}
    assert world.events() == [("promoted", "m-15T12"), ("refused", "m-16T12")]


def test_both_models_replay_the_runs_that_were_trained_on(world: World) -> None:
    world.run()
    assert world.learner.replayed == [world.learner.trained_on] * 2


def test_it_trains_on_90_days_and_no_more(world: World) -> None:
    world.lake.put([a_measurement("old", started_at=NOON - TRAINED_ON - timedelta(seconds=1))])
    world.run()
    assert len(world.learner.trained_on) == 400


def test_too_little_history_is_said_and_the_champion_stays(world: World) -> None:
    world.lake.written.clear()
    world.fill(3)
    done = world.run()
    assert (done.result, done.reason) == (Result.SKIPPED, "3 runs in the lake, a model takes 100")
    assert world.events() == [("skipped", "")]
    assert world.models.champion() == Champion()
    assert world.models.records == {}


def test_an_empty_lake_is_said(world: World) -> None:
    world.lake.written.clear()
    assert world.run().reason == "0 runs in the lake, a model takes 100"


def test_what_of_the_lake_could_not_be_read_is_counted_for_this_training_alone(world: World) -> None:
    world.lake.skipped["an object: damaged"] = 2
    trainer = Trainer(
        lake=world.lake,
        models=world.models,
        ledger=world.ledger,
        drift=world.drift,
        clock=world.clock,
        learner=world.learner,
    )
    world.lake.skipped["another: gone"] = 1
    assert trainer.run(TrainingRequest(Reason.SCHEDULE)).unread == 1


def test_a_lake_that_does_not_answer_changes_nothing(world: World) -> None:
    world.run()
    before = (world.models.champion(), dict(world.models.records), list(world.ledger.written))
    world.learner.failure = ServiceUnavailable("s3:ListBucket: no answer")
    with pytest.raises(ServiceUnavailable):
        world.run()
    assert (world.models.champion(), world.models.records, world.ledger.written) == before


# ---- what else can happen to the pointer


def test_a_champion_that_changed_meanwhile_stays(world: World) -> None:
    """Another training, or a person, moved the pointer while this one trained."""
    world.models.before_switch = Champion(("from-elsewhere",))
    done = world.run()
    assert (done.result, done.version) == (Result.REFUSED, "m-15T12")
    assert "the champion changed" in done.reason
    assert world.models.champion().version == "from-elsewhere"
    assert world.events() == [("promoted", "m-15T12"), ("refused", "m-15T12")]


def test_no_model_serves_without_an_entry(world: World) -> None:
    class DiesAtTheSwitch(MemoryModels):
        def switch(self, champion: Champion) -> bool:
            raise ServiceUnavailable("s3:PutObject: no answer")

    world.models = DiesAtTheSwitch()
    with pytest.raises(ServiceUnavailable):
        world.run()
    assert world.events() == [("promoted", "m-15T12")]


def test_a_champion_that_cannot_be_used_is_compared_as_the_embedded_model_and_replaced(
    world: World, unusable: bytes
) -> None:
    world.run()
    world.models.artifacts["m-15T12"] = unusable
    world.clock.advance(86_400)
    world.learner.script["m-15T12"] = Figures(1000, 0.0, 1.0, 1.0)  # would win, if it could be used
    done = world.run()
    assert (done.result, done.champion) == (Result.PROMOTED, EMBEDDED)
    assert world.models.champion().served == ("m-15T12", "m-16T12")


def test_a_damaged_pointer_is_mended_by_the_next_promotion(world: World) -> None:
    world.models.pointer = Champion(damage="champion.json holds no list of versions", tag="3")
    assert world.run().result is Result.PROMOTED
    assert world.models.champion().served == ("m-15T12",)


# ---- drift


def checks(world: World, count: int, seconds: float) -> list[Training]:
    """Checks six hours apart; by the first one all runs that it looks at have that duration."""
    done = []
    for _ in range(count):
        world.clock.advance(6 * 3600)
        world.lake.written.clear()
        world.fill(400, seconds)
        done.append(world.run(Reason.DRIFT_CHECK))
    return done


def test_without_drift_nothing_is_trained(world: World) -> None:
    world.run()
    assert {done.result for done in checks(world, 5, 60.0)} == {Result.STEADY}
    assert len(world.ledger.written) == 1


def test_a_level_shift_trains_once_and_the_new_model_is_at_home_with_it(world: World) -> None:
    world.run()
    done = checks(world, 8, 120.0)
    assert [each.result for each in done].count(Result.PROMOTED) == 1
    assert done[1].result is Result.PROMOTED
    assert done[1].drift is not None and done[1].drift > 1
    assert "drift: duration has a stability index of" in str(world.ledger.written[-1].data["why"])
    assert world.drift.state.latched is False  # measured against the new model, there is no drift


def test_a_shift_whose_challenger_is_refused_trains_once_too(world: World) -> None:
    world.run()
    world.learner.script = {
        f"m-{day}T{hour:02}": Figures(1000, 5, 0.1, 1.0) for day in (15, 16, 17) for hour in range(24)
    }
    world.learner.script["m-15T12"] = GOOD
    done = checks(world, 8, 120.0)
    assert [each.result for each in done].count(Result.REFUSED) == 1
    assert world.drift.state.latched


def test_a_training_that_failed_is_tried_again_at_the_next_check(world: World) -> None:
    world.run()
    checks(world, 1, 120.0)
    world.learner.failure = ServiceUnavailable("s3:GetObject: no answer")
    with pytest.raises(ServiceUnavailable):
        checks(world, 1, 120.0)
    world.learner.failure = None
    assert checks(world, 1, 120.0)[0].result is Result.PROMOTED


def test_too_few_recent_runs_say_nothing(world: World) -> None:
    world.run()
    world.clock.advance(40 * 86_400)
    world.fill(FEWEST_RUNS - 1)
    done = world.run(Reason.DRIFT_CHECK)
    assert (done.result, done.reason) == (Result.STEADY, f"{FEWEST_RUNS - 1} recent runs are too few to tell")


def test_a_check_looks_at_the_last_30_days(world: World) -> None:
    world.run()
    world.clock.advance(31 * 86_400)
    assert world.run(Reason.DRIFT_CHECK).reason == "0 recent runs are too few to tell"


def test_there_is_no_drift_from_the_embedded_model_nor_without_a_reference(world: World) -> None:
    assert world.run(Reason.DRIFT_CHECK).result is Result.STEADY
    world.run()
    del world.models.records["m-15T12"]
    assert "could drift from" in world.run(Reason.DRIFT_CHECK).reason
