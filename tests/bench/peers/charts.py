"""Control charts on the total duration: median and MAD, and exponentially weighted mean and deviation.

Both work on log seconds and learn from the runs that passed: with failed ones in, both do worse. Whether failed runs
should be compared depends on the stream, so ``best_chart`` tries both and keeps what does better by the labels.
"""

import math
import statistics
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench.contest import Contest
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

    weight: float = 0.05
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


Chart = Callable[[], MedianMad | Ewma]


def chart_scores(runs: Sequence[RunDict], chart: Chart, failed: bool = False) -> list[float]:
    """The score of each run by its pipeline's chart, every run scored before it is learnt.

    ``failed``: whether runs that did not pass are compared too; if not, they score 0.
    """
    charts: dict[str, MedianMad | Ewma] = defaultdict(chart)
    scores = []
    for run in runs:
        seconds, passed = math.log(run["duration_s"]), run["status"] == "SUCCEEDED"
        own = charts[run["pipeline"]]
        scores.append(own.odd(seconds) if passed or failed else 0.0)
        if passed:
            own.learn(seconds)
    return scores


def best_chart(contest: Contest, chart: Chart) -> list[float]:
    """The chart's scores with or without failed runs compared, whichever the labels say is better."""
    return max(
        (chart_scores(contest.stream.runs, chart, failed) for failed in (False, True)),
        key=lambda scores: contest.standing(scores).area,
    )
