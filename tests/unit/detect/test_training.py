"""Training the global model and replaying runs against it."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from krcf import RandomCutForest

from selfheal.detect import training
from selfheal.detect.features import FEATURES
from selfheal.detect.forest import grow
from selfheal.detect.model import GlobalModel, dump, embedded_model, load
from selfheal.detect.training import WARM_UP, collected, replay, train
from selfheal.domain.errors import TooLittleHistory
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey
from selfheal.testing.builders import NOON, a_measurement

# More than the 500 scored runs that a training takes; of many short pipelines, for a long window costs time.
PIPELINES, RUNS = 18, WARM_UP + 30


def lake(pipelines: int = PIPELINES, runs: int = RUNS) -> Iterator[Measurement]:
    rng = random.Random(4)
    for n in range(runs):
        for number in range(pipelines):
            yield a_measurement(
                f"p{number}:{n}",
                pipeline=PipelineKey.parse(f"codebuild:p{number}"),
                started_at=NOON + timedelta(minutes=n),
                duration_seconds=100 * (1 + number) * rng.lognormvariate(0, 0.1),
                phases={"BUILD": 60.0 * (1 + number)},
            )


@pytest.fixture(scope="module")
def runs() -> list[Measurement]:
    return list(lake())


@pytest.fixture(scope="module")
def model(runs: list[Measurement]) -> GlobalModel:
    return train(iter(runs), at=NOON)


def test_a_model_is_trained_from_the_lake_and_can_be_stored(model: GlobalModel) -> None:
    assert (model.runs, model.pipelines) == (PIPELINES * RUNS, PIPELINES)
    assert load(dump(model)) == model


def test_too_little_history_is_said_with_numbers(runs: list[Measurement]) -> None:
    with pytest.raises(
        TooLittleHistory, match=r"^\d+ runs have 30 runs of their pipeline before them; it takes 500"
    ):
        train(runs[:300], at=NOON)
    with pytest.raises(TooLittleHistory, match=r"^0 runs"):
        train([], at=NOON)


def test_the_same_lake_trains_the_same_model_and_what_cannot_be_believed_is_not_learned(
    runs: list[Measurement], model: GlobalModel
) -> None:
    spoilt = [each for run in runs for each in (run, replace(run, duration_seconds=float("nan")))]
    assert train(spoilt, at=NOON) == model


def test_memory_is_bounded_by_pipelines_and_runs() -> None:
    held = collected(lake(pipelines=260, runs=7))
    assert len(held) == 200
    assert max(map(len, collected(lake(pipelines=1, runs=900)))) == 512


def test_a_replay_counts_alarms_and_what_was_caught_of_runs_made_odd(runs: list[Measurement]) -> None:
    done = replay(embedded_model(), runs, budget=5)
    assert done.runs == len(done.scores) == len(done.vectors) == PIPELINES * (RUNS - WARM_UP)
    assert all(len(vector) == len(FEATURES) for vector in done.vectors)
    assert done.alarms_per_1000 < 20 and done.caught > 0.7


def test_a_replay_of_nothing_is_nothing() -> None:
    done = replay(embedded_model(), [], budget=5)
    assert (done.runs, done.alarms_per_1000, done.caught) == (0, 0.0, 0.0)


def test_the_time_of_a_replay_is_bounded_by_the_newest_runs(
    runs: list[Measurement], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipelines = len({run.pipeline for run in runs})
    monkeypatch.setattr(training, "MOST_SCORED", 5 * pipelines + 1)
    newest = [replace(run, duration_seconds=9999.0) for run in runs[-pipelines:]]
    done = replay(embedded_model(), [*runs[:-pipelines], *newest], budget=5)
    assert (done.runs, done.alarms_per_1000) == (5 * pipelines, 1000 / 5)


def test_the_time_of_growing_a_forest_is_bounded(
    runs: list[Measurement], monkeypatch: pytest.MonkeyPatch
) -> None:
    grown: list[int] = []

    def counted(points: list[list[float]], *arguments: int, **options: bool) -> RandomCutForest:
        grown.append(len(points))
        return grow(points, *arguments, **options)

    monkeypatch.setattr(training, "MOST_POINTS", 100)
    monkeypatch.setattr(training, "grow", counted)
    train(runs, at=NOON)
    assert len(grown) == 1 and 50 < grown[0] <= 100
