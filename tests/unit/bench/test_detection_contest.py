"""The contest judges all on the same runs, peers look only backwards, verdicts are read by the product's rule."""

from typing import Any

import pytest

from tests.bench.contest import Contest
from tests.bench.peers.charts import Ewma, MedianMad, chart_scores
from tests.bench.peers.forests import krcf_scores
from tests.bench.peers.vectors import METRICS, log_points, z_points
from tests.bench.streams.generated import generated
from tests.bench.streams.inject import inject
from tests.bench.streams.stream import Label, RunDict, Stream
from tests.bench.verdicts import alarms_at, blames, shifts_seen


def runs_of(seconds: list[float]) -> list[RunDict]:
    """Runs of one pipeline that passed in so many seconds."""
    return [
        {
            "pipeline": "codebuild:shop",
            "run_id": f"run-{n:03d}",
            "started_at": f"2026-01-01T{n // 60:02d}:{n % 60:02d}:00Z",
            "status": "SUCCEEDED",
            "duration_s": value,
        }
        for n, value in enumerate(seconds)
    ]


def verdict(p_value: float, *blamed: str, shift: bool = False) -> dict[str, Any]:
    """What the detector says of a run."""
    blame = [{"metric": metric, "value": 2.0, "median": 1.0, "ratio": 2.0} for metric in blamed]
    return {"state": "ready", "score": 1.0, "p_value": p_value, "blame": blame, "shift": shift}


@pytest.mark.parametrize("chart", [MedianMad, Ewma])
def test_charts_find_the_slow_run_and_score_it_before_they_learn_it(
    chart: type[MedianMad] | type[Ewma],
) -> None:
    steady = [100.0 + n % 5 for n in range(40)]
    scores = chart_scores(runs_of([*steady, 400.0, *steady]), chart)
    assert max(range(len(scores)), key=scores.__getitem__) == 40
    assert scores[:40] == chart_scores(runs_of(steady), chart)


@pytest.mark.parametrize("points", [z_points, log_points])
def test_no_point_knows_the_runs_after_it(points: Any) -> None:
    runs = generated(3, pipelines=2, runs=120).runs
    assert points(runs)[:100] == points(runs[:100])
    assert all(len(point.values) == len(METRICS) for point in points(runs))


def test_no_forest_score_knows_the_runs_after_it() -> None:
    points = z_points(generated(3, pipelines=1, runs=120).runs)
    assert krcf_scores(points)[:100] == krcf_scores(points[:100])


def test_a_perfect_order_of_the_judged_runs_scores_one_whatever_the_others_got() -> None:
    stream = inject(runs_of([100.0] * 400), seed=3, rate=0.1)
    contest = Contest.on(stream)
    scores = [1.0 if run["run_id"] in stream.labels else 0.0 for run in stream.runs]
    scores[:80] = [9.0] * 80
    standing = contest.standing(scores)
    assert (standing.area, standing.equal_alarms, standing.at_five) == (1.0, 1.0, 1.0)
    kinds = contest.recall_by_kind([score > 0 for score in scores])
    assert all(caught == of for caught, of in kinds.values())
    assert sum(of for _, of in kinds.values()) == sum(contest.odd)


def test_alarms_and_blame_are_counted_by_the_budget() -> None:
    stream = Stream(runs_of([100.0] * 4), {"run-001": Label("spike", ("duration",))})
    found = [
        verdict(0.5),
        verdict(0.004, "duration", "cpu_percent"),
        verdict(0.004, "cpu_percent"),
        verdict(0.001),
    ]
    contest = Contest.on(stream, warm_up=0)
    assert alarms_at(contest, found, 5.0).alarmed == [False, True, True, False]
    assert alarms_at(contest, found, 5.0).false_per_thousand == pytest.approx(1000 / 3)
    assert alarms_at(contest, found, 2.0).recall == 0.0
    counted = blames(contest, found)
    assert (counted.blamed, counted.right, counted.single, counted.single_right) == (1, 1, 1, 1)


def test_a_shift_is_met_by_its_announcement_and_the_alarm_check_it() -> None:
    stream = Stream(runs_of([100.0] * 6), shifts={"run-002": Label("level_shift", ("duration",))})
    quiet, loud = verdict(0.5), verdict(0.001, "duration")
    found = [quiet, loud, loud, quiet, verdict(0.5, "duration", shift=True), quiet]
    (seen,) = shifts_seen(stream, found)
    assert (seen.delay, seen.alarm_check) == (2, 2)
