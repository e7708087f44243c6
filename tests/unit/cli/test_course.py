"""The course of a pipeline: the usual range at each run is that of the window the run was compared with."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.course import course, scored
from selfheal.detect.detector import Detector
from selfheal.detect.features import DURATION, scale_of
from selfheal.detect.model import embedded_model
from selfheal.detect.window import Window
from selfheal.domain.run import RunStatus
from selfheal.ports import StoredRun
from selfheal.testing.builders import NOON, a_measurement


def runs(seconds: list[float], confirmed: frozenset[int] = frozenset()) -> list[StoredRun]:
    return [
        StoredRun(
            a_measurement(f"shop:{n}", started_at=NOON + timedelta(minutes=n), duration_seconds=s, phases={}),
            announced=True,
            confirmed=n in confirmed,
        )
        for n, s in enumerate(seconds)
    ]


def test_nothing_is_usual_before_there_are_five_runs() -> None:
    stops = course(runs([60.0] * 7), 7, min_seconds=10.0)
    assert [stop.usual is None for stop in stops] == [True] * 5 + [False] * 2


def test_a_run_is_no_part_of_what_it_is_compared_with() -> None:
    stops = course(runs([60.0] * 9 + [600.0]), 1, min_seconds=10.0)
    (stop,) = stops
    assert stop.usual and stop.usual.median == pytest.approx(60.0)
    assert stop.usual.low < 60.0 < stop.usual.high < 600.0


def test_a_confirmed_incident_does_not_move_what_is_usual() -> None:
    seconds = [60.0] * 5 + [600.0] * 5 + [60.0]
    (plain,) = course(runs(seconds), 1, min_seconds=10.0)
    (judged,) = course(runs(seconds, frozenset(range(5, 10))), 1, min_seconds=10.0)
    assert plain.usual and judged.usual
    assert judged.usual.median == pytest.approx(60.0)
    assert plain.usual.median > 100.0


def test_a_new_level_is_usual_from_the_run_after_the_one_it_was_noticed_by() -> None:
    stops = course(runs([60.0 + n % 3 for n in range(30)] + [120.0 + n % 3 for n in range(6)]), 6, 10.0)
    usual = [stop.usual.median for stop in stops if stop.usual]
    assert all(value < 65 for value in usual[:5]) and usual[5] == pytest.approx(121.0, abs=1.0)


def test_what_a_file_holds_is_scored_as_a_stack_would_and_only_as_far_as_it_is_shown() -> None:
    seconds = [60.0 + n % 5 for n in range(30)] + [400.0]
    found = scored([run.measurement for run in runs(seconds)], 3, Detector(embedded_model()))
    assert [run.score is None for run in found] == [True] * 28 + [False] * 3
    last = found[-1].score
    assert last == Detector(embedded_model()).score(
        found[-1].measurement, [run.measurement for run in found[-2::-1]]
    )


@given(st.lists(st.floats(0.0, 1e5), min_size=5, max_size=40), st.floats(0.1, 60.0))
def test_the_usual_range_surrounds_its_median_and_is_never_below_zero(
    seconds: list[float], min_seconds: float
) -> None:
    window = Window([run.measurement for run in runs(seconds)], min_seconds)
    usual = window.usual(DURATION)
    assert usual and 0.0 <= usual.low <= usual.median + 1e-6 <= usual.high + 2e-6
    assert window.usual("phase:BUILD") is None


@given(st.floats(0.0, 1e6), st.sampled_from([DURATION, "phase:BUILD", "cpu_percent"]))
def test_a_place_on_a_scale_leads_back_to_its_value(value: float, metric: str) -> None:
    scale = scale_of(metric, 60.0, 10.0)
    assert scale.value(scale.position(value)) == pytest.approx(value, abs=1e-6, rel=1e-9)


def test_failed_runs_are_no_part_of_the_usual_duration() -> None:
    failed = [
        StoredRun(a_measurement(f"shop:f{n}", RunStatus.FAILED, duration_seconds=1.0), announced=True)
        for n in range(9)
    ]
    assert course([*failed, *runs([60.0])], 1, 10.0)[0].usual is None
