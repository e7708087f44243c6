"""Blame: in which order metrics are named."""

from selfheal.detect.alarm import blamed
from selfheal.detect.window import Deviation


def order(*deviations: Deviation) -> list[str]:
    return [blame.metric for blame in blamed({each.metric: each for each in deviations}, min_seconds=10.0)]


def deviation(metric: str, value: float, median: float, size: float) -> Deviation:
    return Deviation(metric, value, median, z=size, novelty=size, size=size)


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
