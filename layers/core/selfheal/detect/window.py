"""Window: a pipeline's recent runs, and how far a run lies from them."""

import math
import statistics
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from selfheal.detect.features import (
    CPU,
    DURATION,
    DURATION_FAILED,
    MEMORY,
    PHASE,
    TESTS_FAILED,
    TESTS_SKIPPED,
    TESTS_TOTAL,
    Scale,
    scale_of,
    values,
)
from selfheal.domain.measurement import Measurement

RECENT_VALUES = 120
FEWEST_VALUES = 5
NEIGHBOUR = 3
MAD_TO_SIGMA = 1.4826
CLIP = 12.0
USUAL_SPREADS = 2.0


class Deviation(NamedTuple):
    """How far one metric of a run is from its window.

    ``z``: robust z against the median. ``novelty``: distance to the third-nearest value, in least spreads. Both are
    signed and clipped to +-12. ``size`` is their geometric mean, weighed: a value must be far from the middle *and*
    from everything seen, so the second mode of a pipeline with a cache is no news.
    """

    metric: str
    value: float
    median: float
    z: float
    novelty: float
    size: float


@dataclass(frozen=True, slots=True)
class Usual:
    """The middle of a window's values of one metric and two spreads to either side, in the metric's unit."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class _Reference:
    scale: Scale
    positions: Sequence[float]  # sorted
    median: float
    spread: float
    median_value: float


class Window:
    """Up to 256 earlier runs of one pipeline, newest first; of each metric the last 120 values count.

    ``min_seconds``: a difference in a duration that nobody minds; must be above 0.
    """

    def __init__(self, runs: Sequence[Measurement], min_seconds: float) -> None:
        self._values = [values(run) for run in runs]
        found: dict[str, list[float]] = defaultdict(list)
        for each in self._values:
            for metric, value in each.items():
                found[metric].append(value)
        seconds = found.get(DURATION) or found.get(DURATION_FAILED) or [0.0]
        typical = statistics.median(seconds[:RECENT_VALUES])
        self._references = {
            metric: _reference(scale_of(metric, typical, min_seconds), recent[:RECENT_VALUES])
            for metric, recent in found.items()
            if len(recent) >= FEWEST_VALUES
        }

    def deviations(self, run: Measurement) -> dict[str, Deviation]:
        """Every metric of ``run`` that the window has at least five values of."""
        return self._compared(values(run), neighbour=NEIGHBOUR)

    def usual(self, metric: str) -> Usual | None:
        """The usual range of a metric, None while the window has fewer than five values of it."""
        known = self._references.get(metric)
        if known is None:
            return None
        low, middle, high = (known.median + side * USUAL_SPREADS * known.spread for side in (-1, 0, 1))
        value = known.scale.value
        return Usual(max(value(low), 0.0), value(middle), value(high))

    def vectors(self, most: int) -> list[list[float]]:
        """The feature vectors of the newest ``most`` runs against the whole window, oldest first."""
        # A value that is in the window itself is its own nearest one.
        return [vector(self._compared(each, NEIGHBOUR + 1)) for each in reversed(self._values[:most])]

    def _compared(self, found: Mapping[str, float], neighbour: int) -> dict[str, Deviation]:
        return {
            metric: _deviation(metric, value, self._references[metric], neighbour)
            for metric, value in found.items()
            if metric in self._references
        }


def vector(deviations: Mapping[str, Deviation]) -> list[float]:
    """The numbers of FEATURES in their order; what is missing is 0, which is to say ordinary."""
    whole = deviations.get(DURATION) or deviations.get(DURATION_FAILED)
    sizes = {metric: deviation.size for metric, deviation in deviations.items()}
    phases = sorted(
        (size for metric, size in sizes.items() if metric.startswith(PHASE)), key=abs, reverse=True
    )
    first, second, *_ = [*phases, 0.0, 0.0]
    alone = [sizes.get(metric, 0.0) for metric in (TESTS_FAILED, TESTS_SKIPPED, TESTS_TOTAL, CPU, MEMORY)]
    return [whole.size if whole else 0.0, whole.z if whole else 0.0, first, second, *alone]


def magnitude(features: Sequence[float]) -> float:
    """How far a run is from ordinary, whatever the direction: the length of its vector without ``duration_z``."""
    return math.hypot(features[0], *islice(features, 2, None))


def _reference(scale: Scale, recent: Sequence[float]) -> _Reference:
    positions = sorted(scale.position(value) for value in recent)
    median = statistics.median(positions)
    spread = MAD_TO_SIGMA * statistics.median(abs(position - median) for position in positions)
    return _Reference(scale, positions, median, max(spread, 1.0), statistics.median(recent))


def _deviation(metric: str, value: float, reference: _Reference, neighbour: int) -> Deviation:
    position = reference.scale.position(value)
    away = position - reference.median
    z = _clipped(away / reference.spread)
    novelty = math.copysign(_clipped(_distance(position, reference.positions, neighbour)), away)
    size = reference.scale.weighed(math.copysign(math.sqrt(abs(z * novelty)), away))
    return Deviation(metric, value, reference.median_value, z, novelty, size)


def _distance(position: float, positions: Sequence[float], neighbour: int) -> float:
    """From ``position`` to the ``neighbour``-th nearest of the sorted ``positions``, of which there are enough."""
    right = bisect_left(positions, position)
    left = right - 1
    last = len(positions)
    distance = 0.0
    for _ in range(neighbour):
        if right == last or (left >= 0 and position - positions[left] <= positions[right] - position):
            distance = position - positions[left]
            left -= 1
        else:
            distance = positions[right] - position
            right += 1
    return distance


def _clipped(number: float) -> float:
    return max(-CLIP, min(CLIP, number))
