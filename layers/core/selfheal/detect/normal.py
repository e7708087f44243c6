"""Normal: what is ordinary for one pipeline, by its present level and the global model; and how odd a run is in it."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from selfheal.detect.features import FEATURES
from selfheal.detect.model import GlobalModel
from selfheal.detect.window import Deviation, Window, magnitude, vector
from selfheal.domain.measurement import Measurement

if TYPE_CHECKING:
    from krcf import RandomCutForest

FEWEST_RUNS = 5
FEWEST_FOR_OWN = 10
HALF_OWN = 60
# More of them make a forest no better (docs/benchmarks.md) and a score slower.
OWN_RUNS = 128
FOREST = "forest"
MAGNITUDE = "magnitude"


@dataclass(frozen=True, slots=True)
class Oddness:
    """A run in numbers: its metrics' deviations, its features, the raw score and which detector gave it."""

    deviations: Mapping[str, Deviation]
    features: Sequence[float]
    raw: float
    detector: str


class Normal:
    """One pipeline at its present level: at least five runs of it, newest first."""

    def __init__(self, present: Sequence[Measurement], model: GlobalModel, min_seconds: float) -> None:
        self._window = Window(present, min_seconds)
        self._model = model
        self._runs = len(present)
        self._seed = zlib.crc32(str(present[0].pipeline).encode())

    def oddness(self, run: Measurement) -> Oddness:
        """The raw score is isolation in the forests times magnitude, or the magnitude alone when no forest serves."""
        deviations = self._window.deviations(run)
        features = vector(deviations)
        size = magnitude(features)
        try:
            return Oddness(deviations, features, size * self._isolation(features), FOREST)
        except (ImportError, RuntimeError):
            return Oddness(deviations, features, size, MAGNITUDE)

    def _isolation(self, features: Sequence[float]) -> float:
        """The pipeline's own forest counts n / (n + 60), the global one the rest: a young one has little to say."""
        from selfheal.detect.forest import isolation, revived

        shared = isolation(revived(self._model.forest), features)
        if self._runs < FEWEST_FOR_OWN:
            return shared
        weight = self._runs / (self._runs + HALF_OWN)
        return weight * isolation(self._own, features) + (1 - weight) * shared

    @cached_property
    def _own(self) -> "RandomCutForest":
        from selfheal.detect.forest import grow

        return grow(self._window.vectors(OWN_RUNS), len(FEATURES), self._seed)
