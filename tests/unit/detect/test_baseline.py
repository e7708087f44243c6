"""The median/MAD baseline: what is odd, what is not, and when it keeps quiet."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from selfheal.detect.baseline import MedianMad, Thresholds
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus
from selfheal.domain.score import Level
from selfheal.testing.builders import a_measurement

BASELINE = MedianMad(Thresholds())
NORMAL = [
    a_measurement(f"shop:{n}", duration_seconds=60.0 + n % 3, phases={"BUILD": 40.0 + n % 3})
    for n in range(20)
]


def lasting(seconds: float, /, **phases: float) -> Measurement:
    return a_measurement(duration_seconds=seconds, phases=phases)


def test_below_five_runs_there_is_no_verdict() -> None:
    score = BASELINE.score(lasting(9999.0), NORMAL[:4])
    assert not score.ready and score.level is Level.NONE


def test_failed_runs_teach_nothing_about_normal() -> None:
    failed = [a_measurement(f"shop:f{n}", RunStatus.FAILED) for n in range(20)]
    assert not BASELINE.score(lasting(60.0), failed).ready


def test_a_slow_phase_is_blamed_before_the_whole() -> None:
    score = BASELINE.score(lasting(320.0, BUILD=300.0), NORMAL)
    assert [blame.metric for blame in score.blame] == ["phase:BUILD", "duration"]
    assert score.level is Level.HEAL


def test_a_run_that_is_far_too_short_is_odd_too() -> None:
    long = [a_measurement(f"shop:{n}", duration_seconds=600.0 + n, phases={}) for n in range(20)]
    score = BASELINE.score(lasting(20.0), long)
    assert score.blame[0].ratio < 0.05 and score.level is Level.HEAL


def test_a_three_second_build_that_took_twelve_pages_nobody() -> None:
    quick = [a_measurement(f"shop:{n}", duration_seconds=3.0, phases={}) for n in range(20)]
    score = BASELINE.score(lasting(12.0), quick)
    assert score.value > 8 and score.level is Level.NONE and score.blame == ()


def test_the_score_does_not_depend_on_how_often_it_is_asked() -> None:
    assert BASELINE.score(lasting(99.0, BUILD=70.0), NORMAL) == BASELINE.score(
        lasting(99.0, BUILD=70.0), NORMAL
    )


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(numbers, st.dictionaries(st.text(), numbers, max_size=3), st.lists(numbers, max_size=12))
@example(60.0, {"seconds": 1.0}, [])  # a phase may be called anything
def test_no_number_whatever_makes_a_score_that_is_not_finite(
    value: float, phases: dict[str, float], history: list[float]
) -> None:
    window = [
        a_measurement(f"shop:{n}", duration_seconds=x, phases={"BUILD": x}) for n, x in enumerate(history)
    ]
    score = BASELINE.score(lasting(value, **phases), window)
    assert math.isfinite(score.value)
    assert all(math.isfinite(blame.value) and math.isfinite(blame.median) for blame in score.blame)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_a_duration_that_is_no_duration_is_left_out(seconds: float) -> None:
    assert BASELINE.score(lasting(seconds, BUILD=40.0), NORMAL).level is Level.NONE


def test_the_level_says_how_far_out_a_run_is() -> None:
    baseline = MedianMad(Thresholds(min_seconds=1.0))
    assert baseline.score(lasting(98.0), NORMAL).level is Level.TELL
    assert baseline.score(lasting(160.0), NORMAL).level is Level.HEAL


def test_a_score_is_bounded() -> None:
    assert BASELINE.score(lasting(1e9), NORMAL).value == Thresholds().clip_z


def test_a_run_within_half_its_median_is_not_odd_however_steady_the_pipeline() -> None:
    baseline = MedianMad(Thresholds(min_seconds=1.0, floor_sigma=0.001))
    score = baseline.score(lasting(85.0), NORMAL)
    assert score.value > 8 and score.level is Level.NONE
