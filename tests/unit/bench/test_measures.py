"""Measures: known answers on cases small enough to count by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.measures import (
    average_precision,
    false_alarms_per_thousand,
    mean_and_deviation,
    precision,
    recall,
    recall_at,
    recall_at_budget,
    shift_delay,
)

SCORES = [0.1, 0.4, 0.35, 0.8]
ODD = [False, False, True, True]


def test_average_precision_of_the_textbook_case() -> None:
    assert average_precision(SCORES, ODD) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_average_precision_of_equal_scores_is_the_share_of_odd_runs() -> None:
    assert average_precision([1.0] * 10, [True] + [False] * 9) == pytest.approx(0.1)


def test_nothing_odd_gives_no_precision_rather_than_a_good_one() -> None:
    assert math.isnan(average_precision([1.0, 2.0], [False, False]))
    assert math.isnan(recall_at(1, [1.0, 2.0], [False, False]))


def test_recall_at_a_number_of_alarms_shares_out_equal_scores() -> None:
    assert recall_at(1, SCORES, ODD) == 0.5
    assert recall_at(3, SCORES, ODD) == 1.0
    assert recall_at(1, [1.0, 1.0], [True, False]) == 0.5


def test_recall_at_a_budget_counts_what_is_above_the_allowed_false_alarms() -> None:
    scores = [5.0, *range(1000, 0, -1), 999.5]
    odd = [True, *[False] * 1000, True]
    assert recall_at_budget(0, scores, odd) == 0.0
    assert recall_at_budget(1, scores, odd) == 0.5


def test_rates_of_alarms() -> None:
    alarmed = [True, False, True, True]
    assert false_alarms_per_thousand(alarmed, ODD) == 500.0
    assert recall(alarmed, ODD) == 1.0
    assert precision(alarmed, ODD) == pytest.approx(2 / 3)


def test_a_shift_is_seen_at_once_later_or_never() -> None:
    assert shift_delay([True]) == 0
    assert shift_delay([False, False, True]) == 2
    assert shift_delay([False]) is None


def test_mean_and_deviation() -> None:
    assert mean_and_deviation([3.0]) == (3.0, 0.0)
    assert mean_and_deviation([1.0, 3.0]) == pytest.approx((2.0, math.sqrt(2)))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1).filter(lambda p: any(o for _, o in p))
)
def test_average_precision_is_a_share_and_perfect_only_for_a_perfect_order(
    pairs: list[tuple[int, bool]],
) -> None:
    scores, odd = [float(score) for score, _ in pairs], [is_odd for _, is_odd in pairs]
    area = average_precision(scores, odd)
    least = min(score for score, is_odd in pairs if is_odd)
    perfect = all(is_odd or score < least for score, is_odd in pairs)
    assert 0 < area <= 1 + 1e-12
    assert (area == pytest.approx(1.0)) == perfect
