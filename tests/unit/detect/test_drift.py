"""Drift is found when recent runs changed, stays silent while they do not, and one shift trains once."""

import math
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.detect.drift import (
    DRIFTED,
    FEWEST_RUNS,
    GONE,
    Drift,
    Samples,
    after_check,
    bins_of,
    drift_of,
    reference_of,
    stability_index,
)
from selfheal.domain.model import Bins, DriftState
from selfheal.testing.builders import NOON

Row = list[float]
METRICS = 8
values = st.lists(st.floats(-12, 12), min_size=1, max_size=200)


def runs_of(
    rng: random.Random, pipelines: int = 10, memory: float = 0.5, shift: float = 0.0
) -> Iterator[Row]:
    """Robust z of runs: each pipeline's wander (``memory`` is the correlation of one run with the next), one run in
    thirty is an outlier, some pipelines have no last metric and so are 0. ``shift`` is added to the first metric."""
    state = [[rng.gauss(0, 1) for _ in range(METRICS)] for _ in range(pipelines)]
    while True:
        pipeline = rng.randrange(pipelines)
        noise = math.sqrt(1 - memory * memory)
        now = state[pipeline] = [memory * z + noise * rng.gauss(0, 1) for z in state[pipeline]]
        row: Row = [z + rng.choice((-8, 8)) * (rng.random() < 1 / 30) for z in now]
        row[0] = now[0] + shift
        if pipeline % 3 == 0:
            row[-1] = 0.0
        yield row


def samples(rows: Sequence[Row]) -> Samples:
    return {f"metric{n}": [row[n] for row in rows] for n in range(METRICS)}


# ---- the index


@given(values)
def test_a_sample_does_not_drift_from_itself(sample: list[float]) -> None:
    assert stability_index(bins_of(sample), sample) == 0


@given(values, values)
def test_the_index_is_finite_and_never_negative(reference: list[float], sample: list[float]) -> None:
    index = stability_index(bins_of(reference), sample)
    assert math.isfinite(index) and index >= 0


@given(values)
def test_every_run_falls_into_one_bin(sample: list[float]) -> None:
    bins = bins_of(sample)
    assert len(bins.shares) == len(bins.cuts) + 1 and list(bins.cuts) == sorted(set(bins.cuts))
    assert math.isclose(sum(bins.shares), 1)


def test_a_shift_of_one_spread_is_far_above_the_limit_and_of_a_fifth_far_below() -> None:
    rng = random.Random(1)
    reference = bins_of([rng.gauss(0, 1) for _ in range(2000)])
    shifted = {by: stability_index(reference, [rng.gauss(by, 1) for _ in range(1000)]) for by in (0.2, 1.0)}
    assert shifted[1.0] > 2 * DRIFTED
    assert shifted[0.2] < DRIFTED / 2


def test_a_metric_that_vanishes_and_so_is_ordinary_everywhere_is_drift() -> None:
    rng = random.Random(1)
    present: list[float] = [rng.gauss(0, 1) for _ in range(1000)]
    assert stability_index(bins_of(present), [0.0] * 1000) > DRIFTED
    half = [value if n % 2 else 0.0 for n, value in enumerate(present)]
    assert stability_index(bins_of(present), half) > DRIFTED


def test_values_that_are_all_equal_have_a_reference_too() -> None:
    assert stability_index(bins_of([0.0] * 500), [0.0] * 300) == 0
    assert (
        stability_index(bins_of([0.0] * 500), [1.0] * 300) == 0
    )  # above the only cut, as the reference itself
    assert stability_index(bins_of([0.0] * 500), [-1.0] * 300) > DRIFTED


# ---- the worst metric


def test_the_metric_that_drifted_is_named() -> None:
    reference = reference_of(samples(list(islice(runs_of(random.Random(1)), 2000))))
    found = drift_of(reference, samples(list(islice(runs_of(random.Random(2), shift=2.0), 500))))
    assert found is not None
    assert (found.metric, found.runs) == ("metric0", 500)
    assert found.index > DRIFTED


def test_too_few_runs_or_no_reference_say_nothing() -> None:
    rows = list(islice(runs_of(random.Random(1)), FEWEST_RUNS))
    reference = reference_of(samples(rows))
    assert drift_of(reference, samples(rows)) == Drift(0.0, "metric7", FEWEST_RUNS)
    assert drift_of(reference, samples(rows[:-1])) is None
    assert drift_of({}, samples(rows)) is None
    assert drift_of(reference, {}) is None


# ---- from checks to trainings


def trainings(indices: Sequence[float], hours: float = 6) -> list[int]:
    """After which of the checks a training was asked for."""
    state, asked = DriftState(), []
    for n, index in enumerate(indices):
        state, train = after_check(state, Drift(index, "duration", 500), NOON + n * timedelta(hours=hours))
        asked += [n] * train
    return asked


HIGH, MIDDLE, LOW = DRIFTED, (DRIFTED + GONE) / 2, GONE / 2


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ([LOW] * 20, []),
        ([MIDDLE] * 20, []),
        ([HIGH], []),
        ([HIGH, LOW] * 10, []),
        ([LOW, HIGH, HIGH, LOW], [2]),
        ([HIGH] * 100, [1]),  # however long it lasts
        ([HIGH, HIGH, MIDDLE, MIDDLE, *[HIGH] * 20], [1]),  # a shift that wavers
        ([HIGH, HIGH, LOW, HIGH, HIGH, HIGH], [1, 5]),  # another shift, after the day of rest
        ([HIGH, HIGH, LOW, LOW, LOW, LOW, HIGH, HIGH], [1, 7]),
    ],
)
def test_when_a_training_is_asked_for(indices: list[float], expected: list[int]) -> None:
    assert trainings(indices) == expected


@given(st.lists(st.sampled_from([LOW, MIDDLE, HIGH]), max_size=200))
def test_two_trainings_are_never_within_a_day(indices: list[float]) -> None:
    asked = trainings(indices)
    assert all(later - earlier >= 4 for earlier, later in pairwise(asked))


def test_the_state_says_what_the_last_check_found() -> None:
    state, _ = after_check(DriftState(), Drift(0.3, "phase:BUILD", 500), NOON)
    assert state == DriftState(checked_at=NOON, above=1, index=0.3, metric="phase:BUILD")


# ---- simulated months: a check every 100 runs on the last 500, against a reference of 2,000


def months(seed: int, shift_at: int | None = None, checks: int = 200) -> list[int]:
    """The checks that asked for a training. After one, the reference is made anew, as a promotion does."""
    rng = random.Random(seed)
    usual, shifted = runs_of(rng), runs_of(rng, shift=1.5)
    past = list(islice(usual, 2000))
    reference, state, asked = reference_of(samples(past)), DriftState(), []
    for n in range(checks):
        source = shifted if shift_at is not None and n >= shift_at else usual
        past = [*past[100:], *islice(source, 100)]
        found = drift_of(reference, samples(past[-500:]))
        assert found is not None
        state, train = after_check(state, found, NOON + n * timedelta(hours=6))
        if train:
            asked.append(n)
            reference = reference_of(samples(past))
    return asked


def test_stationary_runs_never_train_in_8_simulated_periods_of_50_days() -> None:
    assert [months(seed) for seed in range(8)] == [[]] * 8


def test_a_level_shift_trains_once_and_within_a_day_and_a_half_in_8_simulations() -> None:
    for seed in range(8):
        asked = months(seed, shift_at=20, checks=100)
        assert len(asked) == 1, (seed, asked)
        assert asked[0] <= 20 + 6


def test_a_bin_that_is_empty_counts_as_half_a_run() -> None:
    halves = Bins((1.0,), (0.5, 0.5))
    expected = (1 - 0.5) * math.log(1 / 0.5) + (0.005 - 0.5) * math.log(0.005 / 0.5)
    assert math.isclose(stability_index(halves, [0.0] * 100), expected)
