"""Detectors of one metric for the benchmark; each gets the values of one series and scores each before it learns it."""

import math
from collections import deque
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

FOREST = {"dimensions": 1, "shingle_size": 1, "sample_size": 256, "initial_accept_fraction": 0.125}


def silence(values: Sequence[float]) -> list[float]:
    """Never an alarm: the benchmark's zero."""
    return [0.5] * len(values)


def windowed_gaussian(values: Sequence[float], window: int = 6400, step: int = 100) -> list[float]:
    """The benchmark's own ``windowedGaussian``: how improbable a value is under the normal distribution of a window.

    The window slides by ``step`` values at a time once it is full. The published scores have twelve digits, which
    makes the highest ones equal; with more, the result is another (40.1 in place of 39.6).
    """
    scores, known, new = [], deque[float](), list[float]()
    total = squares = 0.0
    spread = NormalDist()
    for value in values:
        scores.append(float(f"{1 - _tail(value, spread):.12g}") if known else 0.0)
        if len(known) < window:
            new = [value]
        else:
            new.append(value)
            if len(new) < step:
                continue
            for old in (known.popleft() for _ in range(step)):
                total, squares = total - old, squares - old * old
        for fresh in new:
            total, squares = total + fresh, squares + fresh * fresh
        known.extend(new)
        new = []
        mean = total / len(known)
        spread = NormalDist(mean, math.sqrt(max(squares / len(known) - mean * mean, 0.0)) or 1e-6)
    return scores


def _tail(value: float, spread: NormalDist) -> float:
    return 0.5 * math.erfc(abs(value - spread.mean) / spread.stdev / math.sqrt(2))


def bare_forest(values: Sequence[float], trees: int = 100, decay: float = 1e-5, seed: int = 1) -> list[float]:
    """krcf on the plain values, in the settings of the published Random Cut Forest row: 100 trees of 256."""
    from krcf import RandomCutForest

    options: Any = {**FOREST, "num_trees": trees, "lambda": decay, "random_seed": seed}
    forest = RandomCutForest(options)
    scores = []
    for value in values:
        scores.append(forest.score([value]))
        forest.update([value])
    return scores


def own_forest(values: Sequence[float], seed: int = 1) -> list[float]:
    """Selfheal's own forest in single metric mode: one on the values, one on their logarithms, the scores added."""
    from selfheal.detect.forest import grow, isolation

    plain, logs = (grow((), dimensions=1, seed=seed) for _ in range(2))
    scores = []
    for value in values:
        point, log_point = [value], [math.copysign(math.log1p(abs(value)), value)]
        scores.append(isolation(plain, point) + isolation(logs, log_point))
        plain.update(point)
        logs.update(log_point)
    return scores


def peaks(scores: Sequence[float], last: int = 100) -> list[float]:
    """Scores that are above each of the ``last`` ones before; 0 for the others: one alarm per incident."""
    kept, highest = [], deque[tuple[int, float]]()
    for place, score in enumerate(scores):
        while highest and highest[0][0] < place - last:
            highest.popleft()
        kept.append(score if not highest or score > highest[0][1] else 0.0)
        while highest and highest[-1][1] <= score:
            highest.pop()
        highest.append((place, score))
    return kept
