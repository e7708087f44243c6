"""Windows: how far a run is from the middle and from everything seen before."""

import math

import pytest

from selfheal.detect.features import scale_of
from selfheal.detect.window import CLIP, Window, magnitude
from selfheal.domain.measurement import Measurement
from selfheal.testing.builders import a_measurement

MIN_SECONDS = 10.0


def lasting(*seconds: float) -> list[Measurement]:
    return [a_measurement(f"shop:{n}", duration_seconds=each, phases={}) for n, each in enumerate(seconds)]


def window(*seconds: float) -> Window:
    return Window(lasting(*seconds), MIN_SECONDS)


def size(found: Window, seconds: float) -> float:
    return found.deviations(*lasting(seconds))["duration"].size


def test_z_is_the_distance_from_the_median_in_spreads_of_at_least_8_percent() -> None:
    steady = window(*[300.0] * 20).deviations(*lasting(310.0 * 1.08**4 - 10))["duration"]
    assert math.isclose(steady.z, 4 * math.log(1.08) / 0.08)
    assert (steady.value, steady.median) == (310.0 * 1.08**4 - 10, 300.0)
    positions = [scale_of("duration", 300.0, MIN_SECONDS).position(each) for each in (100.0, 200.0, 300.0)]
    spread = 1.4826 * min(positions[1] - positions[0], positions[2] - positions[1])
    wide = window(*[100.0, 200.0, 300.0] * 10).deviations(*lasting(400.0))["duration"]
    position = scale_of("duration", 300.0, MIN_SECONDS).position(400.0)
    assert math.isclose(wide.z, (position - positions[1]) / spread)


def test_what_came_three_times_before_is_no_news_and_what_came_twice_is() -> None:
    assert size(window(*[300.0] * 50, 900.0, 900.0), 900.0) > 5
    assert size(window(*[300.0] * 50, 900.0, 900.0, 900.0), 900.0) == 0


def test_a_run_of_the_window_is_not_its_own_company() -> None:
    twice, thrice = (window(*[300.0] * 50, *[900.0] * count) for count in (3, 4))
    assert twice.vectors(53)[0][0] > 5
    assert thrice.vectors(54)[0][0] == 0


def test_the_last_120_values_count() -> None:
    assert size(window(*[600.0] * 120, *[300.0] * 100), 300.0) < -5
    assert size(window(*[600.0] * 117, *[300.0] * 100), 300.0) == 0


def test_a_metric_counts_once_five_runs_have_it() -> None:
    assert window(*[300.0] * 4).deviations(*lasting(300.0)) == {}
    assert set(window(*[300.0] * 5).deviations(*lasting(300.0))) == {"duration"}


def test_deviations_are_clipped_on_both_sides() -> None:
    far = window(*[3000.0] * 20)
    assert (size(far, 1e9), size(far, 0.0)) == (CLIP, -CLIP)


def test_the_durations_z_does_not_count_twice() -> None:
    assert magnitude([3.0, 100.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]) == 5.0


@pytest.mark.parametrize(("metric", "up", "down"), [
    ("duration", 1.0, 1.0), ("duration_failed", 0.7, 0.7), ("phase:BUILD", 1.0, 0.5),
    ("tests_failed_percent", 1.0, 0.5), ("tests_skipped_percent", 1.0, 1.0), ("tests_total", 0.5, 1.0),
    ("cpu_percent", 1.0, 1.0), ("memory_percent", 1.0, 1.0),
])  # fmt: skip
def test_directions_weigh_as_the_documents_say(metric: str, up: float, down: float) -> None:
    scale = scale_of(metric, 300.0, MIN_SECONDS)
    assert (scale.weighed(1.0), scale.weighed(-1.0)) == (up, -down)
