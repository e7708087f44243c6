"""The benchmark's scoring rules on series small enough to score by hand, and its published row where the data is."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.nab.corpus import Series, archive, corpus
from tests.bench.nab.detectors import peaks, silence
from tests.bench.nab.scorer import (
    FEW_FALSE,
    FEW_MISSED,
    PROFILES,
    STANDARD,
    Profile,
    probation,
    score_corpus,
    sigmoid_worth,
)

HUNDRED = Series("hundred", tuple(float(n) for n in range(100)), ((40, 49), (80, 89)))


def alarms(*places: int) -> list[float]:
    """Score 1 at the places, 0 elsewhere."""
    return [1.0 if n in places else 0.0 for n in range(100)]


@pytest.mark.parametrize("profile", PROFILES)
def test_silence_is_zero_and_an_alarm_at_each_left_edge_is_a_hundred(profile: Profile) -> None:
    assert score_corpus([HUNDRED], [silence(HUNDRED.values)], profile).score == 0.0
    assert score_corpus([HUNDRED], [alarms(40, 80)], profile).score == pytest.approx(100)


def test_a_later_alarm_in_a_window_gains_less_and_a_second_one_nothing() -> None:
    first, last = (score_corpus([HUNDRED], [alarms(40, place)], STANDARD).raw for place in (80, 89))
    assert first > last > 0
    assert score_corpus([HUNDRED], [alarms(40, 44, 80)], STANDARD).raw == first


def test_a_false_alarm_costs_by_profile_and_less_shortly_after_a_window() -> None:
    far = score_corpus([HUNDRED], [alarms(20, 40, 80)], STANDARD).raw
    assert far == pytest.approx(2 - 0.11)
    assert score_corpus([HUNDRED], [alarms(20, 40, 80)], FEW_FALSE).raw == pytest.approx(2 - 0.22)
    assert far < score_corpus([HUNDRED], [alarms(40, 50, 80)], STANDARD).raw < 2


def test_a_missed_window_costs_double_where_missing_is_feared() -> None:
    assert score_corpus([HUNDRED], [alarms(40)], STANDARD).raw == pytest.approx(0)
    assert score_corpus([HUNDRED], [alarms(40)], FEW_MISSED).raw == pytest.approx(-1)


def test_the_probation_is_not_scored() -> None:
    assert probation(100) == 15
    assert probation(20_000) == 750
    assert score_corpus([HUNDRED], [alarms(3, 14, 40, 80)], STANDARD).raw == pytest.approx(2)


def test_the_threshold_is_the_best_for_the_whole_corpus() -> None:
    scores = [0.0] * 100
    scores[40], scores[60], scores[80] = 0.9, 0.8, 0.7
    result = score_corpus([HUNDRED], [scores], STANDARD)
    assert result.threshold == 0.7
    assert result.raw == pytest.approx(2 + 0.11 * sigmoid_worth(11 / 9))


def test_the_worth_of_an_alarm_falls_along_the_sigmoid() -> None:
    assert sigmoid_worth(0.0) == 0.0
    assert sigmoid_worth(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert sigmoid_worth(-0.5) == pytest.approx(0.84828, abs=1e-5)
    assert sigmoid_worth(3.0) == -1.0


@given(st.lists(st.integers(0, 9), min_size=100, max_size=100))
def test_no_scores_get_more_than_a_hundred_or_less_than_silence(scores: list[int]) -> None:
    result = score_corpus([HUNDRED], [[float(score) for score in scores]], STANDARD)
    assert 0.0 <= result.score <= 100.0 + 1e-9


@given(st.lists(st.floats(0, 10), min_size=1, max_size=60), st.integers(1, 10))
def test_a_peak_is_above_each_of_the_scores_before_it(scores: list[float], last: int) -> None:
    for place, (score, kept) in enumerate(zip(scores, peaks(scores, last), strict=True)):
        before = max(scores[max(0, place - last) : place], default=-math.inf)
        assert kept == (score if score > before else 0.0)


@pytest.mark.skipif(not archive().exists(), reason="the benchmark's data is not at hand (SELFHEAL_DATA)")
def test_the_corpus_has_every_series_and_every_window_where_it_belongs() -> None:
    series = corpus()
    assert len(series) == 58
    assert sum(len(each.windows) for each in series) == 116
    for each in series:
        assert all(0 <= first < last < len(each.values) for first, last in each.windows)
        assert list(each.windows) == sorted(each.windows)
