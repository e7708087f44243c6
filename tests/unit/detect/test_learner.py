"""The learner with real forests: what it trains keeps the budget, finds what is injected, and is a base for drift."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random

from selfheal.detect.contest import why_worse
from selfheal.detect.drift import DRIFTED, GONE, drift_of, reference_of
from selfheal.detect.features import FEATURES
from selfheal.detect.learner import SCORE, ForestLearner, figures_of, samples_of
from selfheal.detect.model import GlobalModel, dump, load
from selfheal.detect.training import WARM_UP, Replay
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, Service
from selfheal.testing.builders import NOON, a_measurement

# More than the 500 scored runs that a training takes; of many short pipelines, for a long window costs time.
PIPELINES, RUNS = 18, WARM_UP + 30
LEARNER = ForestLearner(budget=5.0, min_seconds=10.0)


def history(
    seed: int, pipelines: int = PIPELINES, runs: int = RUNS, spread: float = 0.1
) -> list[Measurement]:
    """Runs in order of start; every pipeline has its own pace."""
    rng = Random(seed)
    return [
        a_measurement(
            f"{pipeline}:{n}",
            pipeline=PipelineKey(Service.CODEBUILD, f"p{pipeline}"),
            started_at=NOON + timedelta(hours=n, minutes=pipeline),
            duration_seconds=100 * (pipeline + 1) * rng.lognormvariate(0, spread),
            phases={"BUILD": 80 * (pipeline + 1) * rng.lognormvariate(0, spread)},
        )
        for n in range(runs)
        for pipeline in range(pipelines)
    ]


@cache
def trained() -> tuple[GlobalModel, Replay]:
    model = LEARNER.train(history(1), at=NOON)
    return model, LEARNER.replay(model, history(1))


def test_a_trained_model_keeps_the_budget_and_finds_what_is_injected() -> None:
    figures = figures_of(trained()[1])
    assert figures.runs == PIPELINES * (RUNS - WARM_UP)
    assert figures.alarms_per_1000 <= 10
    assert figures.caught >= 0.9
    assert figures.ranked >= 0.9


def test_a_stored_model_replays_like_the_one_that_was_stored() -> None:
    model, before = trained()
    again = LEARNER.replay(load(dump(model)), history(1))
    assert figures_of(again) == figures_of(before)
    assert list(again.scores) == list(before.scores)


def test_a_model_trained_on_other_days_is_not_worse_and_one_with_thresholds_out_of_reach_is() -> None:
    recent = history(3, runs=WARM_UP + 15)
    champion = figures_of(LEARNER.replay(trained()[0], recent))
    challenger = LEARNER.train(history(2), at=NOON)
    assert why_worse(figures_of(LEARNER.replay(challenger, recent)), champion, 5.0) == ""
    deaf = replace(
        challenger,
        scores=replace(challenger.scores, scores=tuple(100 * score for score in challenger.scores.scores)),
    )
    assert "catches 0.0%" in why_worse(figures_of(LEARNER.replay(deaf, recent)), champion, 5.0)


def test_other_days_of_the_same_pipelines_are_no_drift_and_runs_that_scatter_twice_as_wide_are() -> None:
    model, replay = trained()
    reference = reference_of(samples_of(replay))
    assert set(reference) == {*FEATURES, SCORE}
    same = drift_of(reference, samples_of(LEARNER.replay(model, history(4))))
    assert same is not None and same.index < GONE
    mixed = [
        wide if int(wide.run_id.partition(":")[2]) >= WARM_UP + 15 else usual
        for usual, wide in zip(history(5), history(5, spread=0.4), strict=True)
    ]
    other = drift_of(reference, samples_of(LEARNER.replay(model, mixed)))
    assert other is not None and other.index > DRIFTED


def test_a_replay_of_nothing_says_nothing() -> None:
    model, replay = trained()
    empty = LEARNER.replay(model, [])
    assert drift_of(reference_of(samples_of(replay)), samples_of(empty)) is None
    assert figures_of(empty).runs == 0


def test_a_sample_of_many_pipelines_is_of_whole_ones_and_bounded() -> None:
    many = [
        a_measurement(
            f"{pipeline}:{n}",
            pipeline=PipelineKey(Service.CODEBUILD, f"p{pipeline}"),
            started_at=NOON + timedelta(minutes=n),
        )
        for n in range(10)
        for pipeline in range(1000)
    ]
    sampled = LEARNER.sample(iter(many))
    pipelines = {run.pipeline for run in sampled}
    assert (len(pipelines), len(sampled)) == (200, 2000)
    assert {run.pipeline for run in LEARNER.sample(iter(many[:6000]))} == pipelines


def test_ranked_is_the_share_of_the_odd_that_score_above_99_percent_of_the_others() -> None:
    scores = [float(n) for n in range(200)]  # 1 % of them are 198 and 199
    done = Replay(200, 0.0, 0.0, [], scores, [500.0, 197.5, 197.0, 150.0])
    assert figures_of(done).ranked == 0.5
    assert figures_of(Replay(0, 0.0, 0.0, [], [], [])).ranked == 0.0
