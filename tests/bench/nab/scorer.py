"""Scorer: the benchmark's scoring rules, as published (Lavin and Ahmad 2015, and the README of numenta/NAB).

A window is worth the reward of its earliest alarm: 1 at its left edge, falling along a sigmoid to 0 at its right; a
missed one costs ``miss``. An alarm outside costs up to ``false``, less when it is shortly after a window. The first
15 % of a series (750 points at most) are not scored. One threshold for the whole corpus, the one that gives the
most. The sum is scaled so that silence is 0 and an alarm at the left edge of each window and nowhere else is 100.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from tests.bench.nab.corpus import Series

PROBATION_SHARE = 0.15
PROBATION_LONGEST = 5000
FAR_BEHIND = 3.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What an alarm in a window gains, one outside costs, and a window without one costs."""

    name: str
    found: float
    false: float
    miss: float


STANDARD = Profile("standard", 1.0, 0.11, 1.0)
FEW_FALSE = Profile("reward low FP", 1.0, 0.22, 1.0)
FEW_MISSED = Profile("reward low FN", 1.0, 0.11, 2.0)
PROFILES = (STANDARD, FEW_FALSE, FEW_MISSED)


@dataclass(frozen=True, slots=True)
class Place:
    """One scored point: which window it is in (series, number), if any, and what an alarm there is worth, -1 to 1."""

    window: tuple[str, int] | None
    worth: float


@dataclass(frozen=True, slots=True)
class Result:
    """``score`` on the scale 0 to 100 (below 0 is possible for a fixed threshold), the sum, and its threshold."""

    score: float
    raw: float
    threshold: float


def sigmoid_worth(position: float) -> float:
    """What an alarm is worth at a position: -1 the window's left edge, 0 its right, beyond 0 after it."""
    return -1.0 if position >= FAR_BEHIND else 2 / (1 + math.exp(5 * position)) - 1


def probation(length: int) -> int:
    """How many of a series' first points are not scored."""
    return int(PROBATION_SHARE * min(length, PROBATION_LONGEST))


def places(series: Series) -> list[Place]:
    """Every point of a series, those of its probation included."""
    found = []
    coming, last = list(enumerate(series.windows)), None
    for place in range(len(series.values)):
        if coming and place > coming[0][1][1]:
            last = coming.pop(0)[1]
        if coming and place >= coming[0][1][0]:
            number, (first, end) = coming[0]
            worth = sigmoid_worth(-(end - place + 1) / (end - first + 1)) / sigmoid_worth(-1.0)
            found.append(Place((series.name, number), worth))
        else:
            found.append(Place(None, sigmoid_worth(_behind(place, last))))
    return found


def _behind(place: int, window: tuple[int, int] | None) -> float:
    """How far behind a window, in its widths."""
    return FAR_BEHIND if window is None else (place - window[1]) / (window[1] - window[0])


def score_corpus(corpus: Sequence[Series], scores: Sequence[Sequence[float]], profile: Profile) -> Result:
    """The best score over all thresholds; ``scores`` one list per series, one score per value."""
    points: list[tuple[float, Place]] = []
    for series, own in zip(corpus, scores, strict=True):
        skip = probation(len(series.values))
        points += list(zip(own, places(series), strict=True))[skip:]
    raw, threshold = _best(points, profile)
    windows = sum(len(series.windows) for series in corpus)
    silence, perfect = -profile.miss * windows, profile.found * windows
    return Result(100 * (raw - silence) / (perfect - silence), raw, threshold)


def _best(points: Sequence[tuple[float, Place]], profile: Profile) -> tuple[float, float]:
    """The largest sum over thresholds, and the threshold: alarms are the scores that reach it."""
    parts = {place.window: -profile.miss for _, place in points if place.window}
    total = best = sum(parts.values())
    threshold = math.inf
    for score, equals in groupby(sorted(points, key=lambda point: -point[0]), key=lambda point: point[0]):
        for _, place in equals:
            if place.window is None:
                total += profile.false * place.worth
            elif (worth := profile.found * place.worth) > parts[place.window]:
                total += worth - parts[place.window]
                parts[place.window] = worth
        if total > best:
            best, threshold = total, score
    return best, threshold
