"""Baseline: the interface every detector has, and the first one behind it, robust z by median and MAD."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from selfheal.detect.features import DURATION, log_seconds, seconds
from selfheal.domain.measurement import Measurement
from selfheal.domain.score import Blame, Level, Score

WINDOW = 120
MAD_TO_SIGMA = 1.4826


class Baseline(Protocol):
    """Compares one run with its pipeline's recent window."""

    def score(self, run: Measurement, window: Sequence[Measurement]) -> Score:
        """How odd ``run`` is. ``window``: earlier runs of the same pipeline, newest first, without ``run``."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a metric is odd: all of z, ratio to the median and absolute difference must be large.

    The two floors keep quiet about a 3-second build that took 5; ``floor_sigma`` is the least spread
    assumed on the log scale (8 % of the duration).
    """

    min_runs: int = 5
    tell_z: float = 4.0
    heal_z: float = 8.0
    min_ratio: float = 1.5
    min_seconds: float = 60.0
    floor_sigma: float = 0.08
    clip_z: float = 12.0


@dataclass(frozen=True, slots=True)
class MedianMad:
    """Robust z = (x - median) / max(1.4826 MAD, floor) of log seconds, per metric; the largest decides."""

    thresholds: Thresholds

    def score(self, run: Measurement, window: Sequence[Measurement]) -> Score:
        """See Baseline. Pure: the same run and window always give the same score."""
        history = [seconds(past) for past in window if past.status.value == "SUCCEEDED"]
        if len(history) < self.thresholds.min_runs:
            return Score(0.0, ready=False, level=Level.NONE)
        compared = [
            (self._z(value, past), self._blame(metric, value, past))
            for metric, value in seconds(run).items()
            if len(past := [h[metric] for h in history if metric in h]) >= self.thresholds.min_runs
        ]
        odd = [(z, blame) for z, blame in compared if self._is_odd(z, blame)]
        # A slow phase makes the whole run slow as well: the phase is the better answer.
        odd.sort(key=lambda item: (item[1].metric == DURATION, -abs(item[0])))
        largest = max((abs(z) for z, _ in compared), default=0.0)
        return Score(largest, True, self._level(odd), tuple(blame for _, blame in odd))

    def _z(self, value: float, past: Sequence[float]) -> float:
        logs = [log_seconds(x) for x in past]
        median = statistics.median(logs)
        spread = MAD_TO_SIGMA * statistics.median(abs(x - median) for x in logs)
        z = (log_seconds(value) - median) / max(spread, self.thresholds.floor_sigma)
        return max(-self.thresholds.clip_z, min(self.thresholds.clip_z, z))

    def _blame(self, metric: str, value: float, past: Sequence[float]) -> Blame:
        median = statistics.median(past)
        return Blame(metric, value, median, value / max(median, 1e-9))

    def _is_odd(self, z: float, blame: Blame) -> bool:
        limits = self.thresholds
        far = blame.ratio >= limits.min_ratio or blame.ratio <= 1 / limits.min_ratio
        return abs(z) >= limits.tell_z and far and abs(blame.value - blame.median) >= limits.min_seconds

    def _level(self, odd: Sequence[tuple[float, Blame]]) -> Level:
        if not odd:
            return Level.NONE
        return Level.HEAL if max(abs(z) for z, _ in odd) >= self.thresholds.heal_z else Level.TELL
