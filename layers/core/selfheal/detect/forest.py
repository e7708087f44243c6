"""Forest: Random Cut Forests (krcf, the Rust forest of AWS), with what must never reach them kept out."""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import metadata

from krcf import RandomCutForest

from selfheal.domain.errors import InvalidEvent

LIBRARY = f"krcf {metadata.version('krcf')}"
TREES = 30
SAMPLE = 256


def grow(
    points: Iterable[Sequence[float]], dimensions: int, seed: int, *, compact: bool = False
) -> RandomCutForest:
    """A forest of 30 trees with up to 256 of ``points`` each, fed in that order; the same input, the same forest.

    ``compact`` forgets the bounding boxes, which makes a stored forest a quarter in size and slower to grow.
    Raises InvalidEvent for a point with a number that is not finite: one of them ruins a forest for good.
    """
    # The library ignores a misspelt option in silence, so there is one place that spells them.
    forest = RandomCutForest(
        {
            "dimensions": dimensions,
            "shingle_size": 1,
            "num_trees": TREES,
            "sample_size": SAMPLE,
            "output_after": 1,
            "random_seed": seed,
            "initial_accept_fraction": 1.0,
            "bounding_box_cache_fraction": 0.0 if compact else 1.0,
        }
    )
    for point in points:
        forest.update(finite(point))
    return forest


def stored(forest: RandomCutForest) -> bytes:
    """A forest as MessagePack."""
    return bytes(forest.to_msgpack())


@lru_cache(maxsize=2)
def revived(data: bytes) -> RandomCutForest:
    """Inverse of ``stored``; kept for the next call. Raises RuntimeError for anything else."""
    try:
        return RandomCutForest.from_msgpack(data)
    except ValueError as error:
        raise RuntimeError(f"not a forest: {error}") from None


def isolation(forest: RandomCutForest, point: Sequence[float]) -> float:
    """The forest's anomaly score of ``point``: about 0.5 to 1 for an ordinary one. Raises InvalidEvent."""
    return float(forest.score(finite(point)))


def finite(point: Sequence[float]) -> Sequence[float]:
    """``point`` itself. Raises InvalidEvent."""
    for place, number in enumerate(point):
        if not math.isfinite(number):
            raise InvalidEvent(f"feature {place}", f"{number!r} must not reach a forest")
    return point
