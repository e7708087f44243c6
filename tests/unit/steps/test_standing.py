"""How a pipeline stands is read off its window, and a run that is scored late takes nothing back."""

from datetime import timedelta

from selfheal.domain.run import RunStatus
from selfheal.domain.score import Blame, Level, Score
from selfheal.ports import StoredRun
from selfheal.steps.standing import standing_of
from selfheal.testing.builders import NOON, a_measurement
from tests.unit.steps.test_score_run import World

CALM = Score(0.7, ready=True, level=Level.NONE)
SLOW = Score(2.0, True, Level.TELL, (Blame("phase:BUILD", 90.0, 30.0, 3.0),), p_value=0.003)


def past(count: int, **odd: Score) -> list[StoredRun]:
    """Runs a minute apart, newest first, each a second longer than the one before it."""
    return [
        StoredRun(
            a_measurement(
                f"shop:{n}", started_at=NOON + timedelta(minutes=n), duration_seconds=60.0 + n, phases={}
            ),
            announced=True,
            score=odd.get(f"run_{n}", CALM),
        )
        for n in reversed(range(count))
    ]


def test_the_latest_run_its_score_and_the_last_twenty_durations_are_kept() -> None:
    standing = standing_of(past(30))
    assert (standing.run_id, standing.started_at) == ("shop:29", NOON + timedelta(minutes=29))
    assert (standing.runs, standing.score, standing.odd) == (30, CALM, None)
    assert [recent.seconds for recent in standing.recent] == [60.0 + n for n in range(10, 30)]


def test_the_newest_odd_run_is_the_one_that_is_told_of() -> None:
    standing = standing_of(past(30, run_3=SLOW, run_21=SLOW))
    assert standing.odd and standing.odd.at == NOON + timedelta(minutes=21)
    assert standing.odd.blame == SLOW.blame[0] and not standing.odd.shift


def test_a_level_shift_without_a_metric_to_blame_is_odd_all_the_same() -> None:
    standing = standing_of(past(2, run_1=Score(1.0, True, Level.TELL, shift=True)))
    assert standing.odd and standing.odd.blame is None and standing.odd.shift


def test_more_runs_than_a_window_holds_count_as_a_window() -> None:
    assert standing_of(past(257)).runs == 256


def test_a_scored_run_is_how_its_pipeline_stands() -> None:
    world = World()
    world.fill(9)
    scored = world.score(a_measurement(duration_seconds=300.0, status=RunStatus.FAILED, phases={}))
    (standing,) = world.standings.recent(9)
    assert (standing.run_id, standing.runs, standing.score) == ("shop:1", 10, scored.score)
    assert standing.recent[-1].failed and standing.recent[-1].seconds == 300.0


def test_a_run_that_comes_late_leaves_a_later_one_standing() -> None:
    world = World()
    world.fill(9)
    world.score(a_measurement("shop:1"))
    world.score(a_measurement("shop:late", started_at=NOON - timedelta(minutes=1)))
    assert [standing.run_id for standing in world.standings.recent(9)] == ["shop:1"]
