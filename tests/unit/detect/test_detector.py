"""The detector: what is odd, what is not, what is to blame, and that nothing can break it."""

import math
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfheal.detect.detector import Detector
from selfheal.detect.features import TESTS_FAILED, TESTS_SKIPPED, values
from selfheal.detect.model import embedded_model
from selfheal.domain.measurement import Measurement, TestTotals
from selfheal.domain.run import RunStatus
from selfheal.domain.score import Level
from selfheal.testing.builders import NOON, a_measurement

DETECTOR = Detector(embedded_model())
USUAL = {"INSTALL": 60.0, "BUILD": 200.0}


def run(number: int, seconds: float = 300.0, **changes: object) -> Measurement:
    made = a_measurement(
        f"shop:{number}",
        started_at=NOON + timedelta(minutes=number),
        duration_seconds=seconds,
        phases={name: value * seconds / 300 for name, value in USUAL.items()},
        tests=TestTotals(400, 0, 4),
        cpu_percent=50.0,
        memory_percent=30.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def noisy(count: int, seed: int = 1) -> list[Measurement]:
    """Runs of 300 s give or take a few, newest first."""
    rng = random.Random(seed)
    return [run(n, 300 * rng.lognormvariate(0, 0.04)) for n in range(count)][::-1]


PAST = noisy(100)


def test_below_five_runs_there_is_no_verdict() -> None:
    score = DETECTOR.score(run(200, 9999.0), PAST[:4])
    assert not score.ready and score.level is Level.NONE and score.blame == ()


def test_an_ordinary_run_is_not_odd() -> None:
    scores = [DETECTOR.score(new, PAST) for new in noisy(20, seed=2)]
    assert {score.level for score in scores} == {Level.NONE}
    assert all(score.ready and score.detector == "forest" for score in scores)


@pytest.mark.parametrize(
    ("odd", "metric"),
    [
        (run(200, 900.0), "duration"),
        (run(200, 20.0), "duration"),
        (run(200, 500.0, phases={"INSTALL": 260.0, "BUILD": 200.0}), "phase:INSTALL"),
        (run(200, tests=TestTotals(400, 80, 4)), "tests_failed_percent"),
        (run(200, tests=TestTotals(400, 0, 300)), "tests_skipped_percent"),
        (run(200, cpu_percent=2.0), "cpu_percent"),
        (run(200, memory_percent=80.0), "memory_percent"),
    ],
    ids=["slow", "quick", "slow-phase", "tests-fail", "tests-skipped", "idle", "memory"],
)
def test_an_odd_run_is_told_with_the_metric_to_blame(odd: Measurement, metric: str) -> None:
    score = DETECTOR.score(odd, PAST)
    assert score.level is not Level.NONE and score.p_value < 0.005
    assert score.blame[0].metric == metric


def test_blame_gives_value_median_and_ratio_in_the_users_unit() -> None:
    blame = DETECTOR.score(run(200, 900.0), PAST).blame[0]
    assert blame.value == 900.0 and 290 < blame.median < 310
    assert math.isclose(blame.ratio, blame.value / blame.median)


def test_a_few_seconds_more_page_nobody_however_steady_the_pipeline() -> None:
    steady = [run(n, 3.0) for n in range(100)][::-1]
    assert DETECTOR.score(run(200, 8.0), steady).level is Level.NONE


def test_the_second_mode_of_a_pipeline_with_a_cache_is_no_news() -> None:
    rng = random.Random(3)
    mixed = [run(n, (300 if n % 6 else 900) * rng.lognormvariate(0, 0.04)) for n in range(120)][::-1]
    missed, unheard_of = (DETECTOR.score(run(200, seconds), mixed) for seconds in (900.0, 2000.0))
    assert missed.level is Level.NONE and unheard_of.level is not Level.NONE
    assert missed.value < unheard_of.value / 4


def test_failed_runs_are_compared_with_failed_runs() -> None:
    failed = [run(n, 40.0, status=RunStatus.FAILED, phases={}) for n in range(100, 130)][::-1]
    past = [*failed, *PAST]
    assert DETECTOR.score(run(200, 41.0, status=RunStatus.FAILED, phases={}), past).level is Level.NONE


@pytest.mark.parametrize("status", [RunStatus.STOPPED, RunStatus.SUPERSEDED])
def test_how_long_a_run_took_that_was_cut_off_says_nothing(status: RunStatus) -> None:
    score = DETECTOR.score(run(200, 9999.0, status=status, phases={}), PAST)
    assert score.blame == () and score.level is Level.NONE


def test_the_same_run_and_window_give_the_same_score() -> None:
    assert DETECTOR.score(run(200, 700.0), PAST) == DETECTOR.score(run(200, 700.0), list(PAST))


def test_a_smaller_budget_tells_less() -> None:
    odd = [run(200, 300.0 + more) for more in range(20, 600, 20)]
    told = [
        sum(Detector(embedded_model(), budget).score(each, PAST).level is not Level.NONE for each in odd)
        for budget in (0.5, 5, 50)
    ]
    assert told == sorted(told) and told[0] < told[2]


amounts = st.floats(min_value=0, max_value=1e15) | st.sampled_from([0.0, 1e-300, 1e300, math.inf, math.nan])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=5, max_size=40), st.integers(0, 5))
def test_whatever_the_numbers_a_score_is_finite(rows: list[tuple[float, float, float]], failed: int) -> None:
    runs = [
        run(n, seconds, phases={"BUILD": phase}, cpu_percent=cpu, tests=TestTotals(failed, failed, 0))
        for n, (seconds, phase, cpu) in enumerate(rows)
    ]
    score = DETECTOR.score(runs[0], runs[1:])
    assert math.isfinite(score.value) and 0 <= score.p_value <= 1
    assert all(math.isfinite(blame.ratio) for blame in score.blame)


def test_a_count_that_cannot_be_is_left_out_and_the_others_stay() -> None:
    found = values(run(1, tests=TestTotals(400, -1, 4)))
    assert TESTS_FAILED not in found and found[TESTS_SKIPPED] == 1.0
