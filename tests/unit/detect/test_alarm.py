"""Alarms: the two thresholds, the floors below which nothing is blamed, and who is blamed first."""

import pytest

from selfheal.detect.alarm import blamed, fewest_to_calibrate, level_of
from selfheal.detect.window import Deviation
from selfheal.domain.score import Level

FAR = 5.0


def deviation(metric: str, value: float, median: float, size: float = FAR) -> Deviation:
    return Deviation(metric, value, median, z=size, novelty=size, size=size)


def is_blamed(metric: str, value: float, median: float, size: float = FAR, min_seconds: float = 10.0) -> bool:
    return bool(blamed({metric: deviation(metric, value, median, size)}, min_seconds))


@pytest.mark.parametrize(
    ("p_value", "level"),
    [(0.0, "heal"), (0.002, "heal"), (0.0021, "tell"), (0.005, "tell"), (0.0051, "none"), (1.0, "none")],
)
def test_a_budget_of_5_tells_of_5_in_1000_and_would_heal_2(p_value: float, level: str) -> None:
    assert level_of(p_value, budget=5.0, notable=True, shift=False) == level


@pytest.mark.parametrize(("budget", "runs"), [(0.1, 500), (5, 500), (10, 250), (20, 125), (100, 100)])
def test_thresholds_are_measured_on_so_many_runs_that_one_is_expected_at_heal(
    budget: float, runs: int
) -> None:
    assert fewest_to_calibrate(budget) == runs
    if 100 < runs < 500:
        assert level_of(1 / runs, budget, notable=True, shift=False) is Level.HEAL


def test_without_a_metric_to_blame_nobody_is_told_unless_it_is_a_shift() -> None:
    assert level_of(0.0, budget=5.0, notable=False, shift=False) is Level.NONE
    assert level_of(1.0, budget=5.0, notable=False, shift=True) is Level.TELL
    assert level_of(0.0, budget=5.0, notable=True, shift=True) is Level.HEAL


@pytest.mark.parametrize("metric", ["duration", "duration_failed", "phase:BUILD"])
@pytest.mark.parametrize(
    ("value", "median", "expected"),
    [
        (29.9, 20.0, False),  # half as long again, but less than min_seconds
        (30.0, 20.0, True),
        (124.0, 100.0, False),  # more than min_seconds, but not by a quarter
        (125.0, 100.0, True),
        (81.0, 100.0, False),
        (80.0, 100.0, True),
    ],
)
def test_a_duration_must_have_moved_by_a_quarter_and_by_min_seconds(
    metric: str, value: float, median: float, expected: bool
) -> None:
    assert is_blamed(metric, value, median) is expected


@pytest.mark.parametrize(
    ("metric", "change"),
    [
        ("tests_failed_percent", 1.0),
        ("tests_skipped_percent", 10.0),
        ("tests_total", 3.0),
        ("cpu_percent", 15.0),
        ("memory_percent", 5.0),
    ],
)
def test_other_metrics_must_have_moved_in_their_own_unit(metric: str, change: float) -> None:
    assert is_blamed(metric, 40.0 + change, 40.0) and is_blamed(metric, 40.0 - change, 40.0)
    assert not is_blamed(metric, 40.0 + 0.9 * change, 40.0)


def test_what_is_near_is_not_blamed_however_much_it_moved() -> None:
    assert is_blamed("duration", 900.0, 100.0, size=2.0)
    assert not is_blamed("duration", 900.0, 100.0, size=1.9)


def test_the_farthest_is_blamed_first_and_of_equals_the_phase_before_the_whole() -> None:
    found = {
        each.metric: each
        for each in (
            deviation("duration", 900.0, 100.0, 6.0),
            deviation("phase:BUILD", 800.0, 50.0, 6.01),
            deviation("memory_percent", 90.0, 10.0, -7.0),
        )
    }
    assert [blame.metric for blame in blamed(found, 10.0)] == ["memory_percent", "phase:BUILD", "duration"]
    assert next(iter(blamed(found, 10.0, first="duration"))).metric == "duration"


def test_the_first_is_blamed_even_if_it_is_near() -> None:
    near = {"duration": deviation("duration", 110.0, 100.0, 0.5)}
    assert blamed(near, 10.0) == ()
    assert [blame.metric for blame in blamed(near, 10.0, first="duration")] == ["duration"]


def test_people_read_duration_also_of_failed_runs_and_a_ratio_also_of_nothing() -> None:
    [blame] = blamed({"duration_failed": deviation("duration_failed", 50.0, 0.0)}, 10.0)
    assert (blame.metric, blame.value, blame.median, blame.ratio) == ("duration", 50.0, 0.0, 5000.0)


def order(*deviations: Deviation) -> list[str]:
    return [blame.metric for blame in blamed({each.metric: each for each in deviations}, min_seconds=10.0)]


SLOW = deviation("duration", 400.0, 300.0, 9.0)


def test_the_phase_that_accounts_for_a_slow_run_is_blamed_before_the_run() -> None:
    build = deviation("phase:BUILD", 295.0, 200.0, 6.0)
    assert order(SLOW, build) == ["phase:BUILD", "duration"]


def test_a_phase_that_accounts_for_half_of_it_is_not() -> None:
    build = deviation("phase:BUILD", 250.0, 200.0, 6.0)
    assert order(SLOW, build) == ["duration", "phase:BUILD"]


def test_nor_is_one_that_went_the_other_way() -> None:
    build = deviation("phase:BUILD", 100.0, 200.0, -6.0)
    assert order(SLOW, build) == ["duration", "phase:BUILD"]


def test_what_is_odder_than_the_run_stays_before_the_phase_that_explains_it() -> None:
    build, tests = (
        deviation("phase:BUILD", 295.0, 200.0, 6.0),
        deviation("tests_failed_percent", 40.0, 0.0, 12.0),
    )
    assert order(SLOW, build, tests) == ["tests_failed_percent", "phase:BUILD", "duration"]
