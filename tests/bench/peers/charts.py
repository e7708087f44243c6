"""Control charts on the total duration: median and MAD, and exponentially weighted mean and deviation.

Both work on log seconds. They learn from the runs that passed; a run that failed early says nothing of the level,
and with them in, both do worse. ``failed`` says whether failed runs are compared as well.
"""

import math
import statistics
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.streams.stream import RunDict

FEWEST = 5
LEAST_SIGMA = 0.02


@dataclass(slots=True)
class MedianMad:
    """|log seconds - median| / (1.4826 MAD) over the last ``window`` runs of the pipeline."""

    window: int = 120
    past: deque[float] = field(default_factory=deque)

    def odd(self, value: float) -> float:
        """How many robust deviations ``value`` is away; 0 until five values are known."""
        if len(self.past) < FEWEST:
            return 0.0
        median = statistics.median(self.past)
        spread = 1.4826 * statistics.median(abs(x - median) for x in self.past)
        return abs(value - median) / max(spread, LEAST_SIGMA)

    def learn(self, value: float) -> None:
        """Remember the value, forget the oldest."""
        self.past.append(value)
        if len(self.past) > self.window:
            self.past.popleft()


@dataclass(slots=True)
class Ewma:
    """|log seconds - mean| / deviation, both exponentially weighted with ``weight`` for the newest."""

    weight: float = 0.1
    mean: float = 0.0
    variance: float = 0.0
    known: int = 0

    def odd(self, value: float) -> float:
        """How many deviations ``value`` is away; 0 until five values are known."""
        if self.known < FEWEST:
            return 0.0
        return abs(value - self.mean) / max(math.sqrt(self.variance), LEAST_SIGMA)

    def learn(self, value: float) -> None:
        """Move mean and variance towards the value; the first values weigh as in a plain mean."""
        self.known += 1
        weight = max(self.weight, 1 / self.known)
        step = value - self.mean
        self.mean += weight * step
        self.variance = (1 - weight) * (self.variance + weight * step * step)


def chart_scores(
    runs: Sequence[RunDict], chart: type[MedianMad] | type[Ewma], failed: bool = False
) -> list[float]:
    """The score of each run by its pipeline's chart, every run scored before it is learnt."""
    charts: dict[str, MedianMad | Ewma] = defaultdict(chart)
    scores = []
    for run in runs:
        seconds, passed = math.log(run["duration_s"]), run["status"] == "SUCCEEDED"
        own = charts[run["pipeline"]]
        scores.append(own.odd(seconds) if passed or failed else 0.0)
        if passed:
            own.learn(seconds)
    return scores
