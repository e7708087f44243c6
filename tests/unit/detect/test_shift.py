"""Level shifts: announced once, then learned."""

import random
from datetime import timedelta

from selfheal.detect.detector import Detector
from selfheal.detect.model import embedded_model
from selfheal.detect.shift import last_shift, since_shift
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus
from selfheal.domain.score import Level, Score
from selfheal.testing.builders import NOON, a_measurement


def lasting(*seconds: float) -> list[Measurement]:
    """Runs of these durations, given oldest first, newest first as a window is."""
    runs = [
        a_measurement(f"shop:{n}", started_at=NOON + timedelta(minutes=n), duration_seconds=each, phases={})
        for n, each in enumerate(seconds)
    ]
    return runs[::-1]


def noise(count: int, level: float, seed: int) -> list[float]:
    rng = random.Random(seed)
    return [level * rng.lognormvariate(0, 0.05) for _ in range(count)]


def scores(runs: list[Measurement]) -> list[Score]:
    """The score of each run (newest first) against those before it, oldest first."""
    detector = Detector(embedded_model())
    return [detector.score(runs[n], runs[n + 1 :]) for n in reversed(range(len(runs)))]


def test_a_new_level_is_noticed_by_its_fifth_run() -> None:
    shifted = [*noise(40, 300, 1), *noise(5, 520, 2)]
    assert last_shift(lasting(*shifted), 10) == 0
    assert last_shift(lasting(*shifted[:-1]), 10) is None


def test_what_is_slower_by_less_than_a_quarter_is_no_new_level() -> None:
    assert last_shift(lasting(*noise(40, 300, 1), *[370.0] * 5), 10) is None
    assert last_shift(lasting(*noise(40, 300, 1), *[400.0] * 5), 10) == 0


def test_a_quicker_level_is_one_too() -> None:
    assert last_shift(lasting(*noise(40, 300, 1), *noise(5, 120, 2)), 10) == 0


def test_what_was_before_the_shift_is_forgotten() -> None:
    runs = lasting(*noise(40, 300, 1), *noise(12, 520, 2))
    assert [run.duration_seconds > 400 for run in since_shift(runs, 10)] == [True] * 12


def test_a_run_at_the_old_level_is_odd_once_the_new_one_is_known() -> None:
    runs = lasting(*noise(40, 300, 1), *noise(20, 520, 2), 300.0)
    assert Detector(embedded_model()).score(runs[0], runs[1:]).blame[0].metric == "duration"


def test_without_a_shift_every_run_counts() -> None:
    runs = lasting(*noise(60, 300, 1))
    assert since_shift(runs, 10) == runs


def test_failed_runs_in_between_neither_count_nor_hinder() -> None:
    runs = lasting(*noise(40, 300, 1), *noise(5, 520, 2))
    failed = a_measurement("shop:f", RunStatus.FAILED, duration_seconds=3.0, phases={})
    assert last_shift([runs[0], failed, *runs[1:]], 10) == 0


def test_a_mode_that_comes_in_bursts_is_no_shift() -> None:
    bursts = [level * (1 + 0.01 * n) for _ in range(6) for level in (300.0, 900.0) for n in range(8)]
    early = last_shift(lasting(*bursts[:24]), 10)
    assert last_shift(lasting(*bursts), 10) == (None if early is None else early + len(bursts) - 24)


def test_a_shift_is_announced_once_and_then_learned() -> None:
    found = scores(lasting(*noise(60, 300, 3), *noise(100, 540, 4)))
    announced = [number for number, score in enumerate(found) if score.shift]
    assert announced == [64]
    assert found[64].level is not Level.NONE and found[64].blame[0].metric == "duration"
    assert sum(score.level is not Level.NONE for score in found[60:]) <= 10
    assert all(score.level is Level.NONE for score in found[80:])
