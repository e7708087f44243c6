"""Peers that learn from points: random cut forests, isolation forest, half-space trees. All causal.

``by_pipeline=True`` keeps one model per pipeline; otherwise all pipelines share one.
Need the packages of ``requirements/bench.in``; each is imported where it is used.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tests.bench.peers.vectors import CLIP, Point

LEARN_FROM = 65
"""Points before a model says anything; the random cut forest's own default at 256 samples."""


def krcf_scores(points: Sequence[Point], by_pipeline: bool = True, trees: int = 50) -> list[float]:
    """A bare random cut forest that learns every point: 256 samples, seed 1."""
    from krcf import RandomCutForest, RandomCutForestOptions

    options: RandomCutForestOptions = {
        "dimensions": len(points[0].values),
        "shingle_size": 1,
        "num_trees": trees,
        "sample_size": 256,
        "random_seed": 1,
        "initial_accept_fraction": 1.0,
    }
    forests: dict[str, Any] = defaultdict(lambda: RandomCutForest(options))
    scores = []
    for point in points:
        forest = forests[point.pipeline if by_pipeline else ""]
        scores.append(forest.score(point.values))
        forest.update(point.values)
    return scores


def rrcf_scores(points: Sequence[Point], trees: int = 50, samples: int = 256) -> list[float]:
    """CoDisp of rrcf, one forest per pipeline: the point is inserted, judged, and the oldest forgotten."""
    import numpy
    import rrcf

    numpy.random.seed(1)
    forests: dict[str, list[Any]] = defaultdict(lambda: [rrcf.RCTree() for _ in range(trees)])
    seen: dict[str, int] = defaultdict(int)
    scores = []
    for point in points:
        index = seen[point.pipeline]
        seen[point.pipeline] += 1
        total, values = 0.0, numpy.array(point.values)
        for tree in forests[point.pipeline]:
            if len(tree.leaves) >= samples:
                tree.forget_point(index - samples)
            tree.insert_point(values, index=index)
            total += tree.codisp(index)
        scores.append(total / trees if index >= LEARN_FROM else 0.0)
    return scores


def isolation_scores(points: Sequence[Point], by_pipeline: bool = True, refit: int = 100) -> list[float]:
    """scikit-learn's isolation forest, 100 trees of 256, fitted anew every ``refit`` points to all before them."""
    scores = [0.0] * len(points)
    places: dict[str, list[int]] = defaultdict(list)
    for place, point in enumerate(points):
        places[point.pipeline if by_pipeline else ""].append(place)
    for own in places.values():
        for start in range(LEARN_FROM, len(own), refit):
            known, new = own[:start], own[start : start + refit]
            found = _isolation([points[p].values for p in known], [points[p].values for p in new])
            for place, score in zip(new, found, strict=True):
                scores[place] = score
    return scores


def _isolation(known: Sequence[Sequence[float]], new: Sequence[Sequence[float]]) -> list[float]:
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(n_estimators=100, max_samples=min(256, len(known)), random_state=1)
    return [-float(score) for score in model.fit(known).score_samples(new)]


def half_space_scores(points: Sequence[Point], by_pipeline: bool = False) -> list[float]:
    """river's half-space trees, 25 of height 4, window 250. They want values in 0 to 1, so -12 to 12 is mapped."""
    from river.anomaly import HalfSpaceTrees

    models: dict[str, Any] = defaultdict(
        lambda: HalfSpaceTrees(n_trees=25, height=4, window_size=250, seed=1)
    )
    scores = []
    for point in points:
        model = models[point.pipeline if by_pipeline else ""]
        values = {place: 0.5 + value / (2 * CLIP) for place, value in enumerate(point.values)}
        scores.append(model.score_one(values))
        model.learn_one(values)
    return scores


def noise(points: Sequence[Point]) -> list[float]:
    """Scores by chance: what a detector gets that knows nothing."""
    rng = random.Random(1)
    return [rng.random() for _ in points]
