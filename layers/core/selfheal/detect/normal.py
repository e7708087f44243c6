"""Normal: what is ordinary for one pipeline, by its present level and the global model; and how odd a run is in it."""

import zlib
from collections.abc import Callable, Mapping, Sequence
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
ENDPOINT = "endpoint"
MAGNITUDE = "magnitude"

Shared = Callable[[Sequence[float]], float]
"""How isolated a vector is among the runs of all pipelines, on the scale of the pipeline's own forest."""


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

    @property
    def own_weight(self) -> float:
        """What the pipeline's own forest counts, n / (n + 60), the shared one the rest; 0 below ten runs: a young
        pipeline has little to say."""
        return 0.0 if self._runs < FEWEST_FOR_OWN else self._runs / (self._runs + HALF_OWN)

    def oddness(self, run: Measurement, shared: Shared | None = None) -> Oddness:
        """The raw score is isolation in the forests times magnitude, or the magnitude alone when no forest serves.

        ``shared`` takes the place of the global model's forest; whatever it raises is raised here, but RuntimeError.
        """
        deviations = self._window.deviations(run)
        features = vector(deviations)
        size = magnitude(features)
        try:
            raw = blended(self.own_isolation(features), self.own_weight, (shared or self._shared)(features))
            return Oddness(deviations, features, size * raw, FOREST)
        except (ImportError, RuntimeError):
            return Oddness(deviations, features, size, MAGNITUDE)

    def own_isolation(self, features: Sequence[float]) -> float:
        """How isolated a vector is among the runs of this pipeline; 0 below ten runs. Raises ImportError."""
        from selfheal.detect.forest import isolation

        return isolation(self._own, features) if self.own_weight else 0.0

    def _shared(self, features: Sequence[float]) -> float:
        return isolations(self._model, [features])[0]

    @cached_property
    def _own(self) -> "RandomCutForest":
        from selfheal.detect.forest import grow

        return grow(self._window.vectors(OWN_RUNS), len(FEATURES), self._seed)


def blended(own: float, weight: float, shared: float) -> float:
    """The isolation of a run by both forests."""
    return weight * own + (1 - weight) * shared


def isolations(model: GlobalModel, vectors: Sequence[Sequence[float]]) -> list[float]:
    """How isolated each vector is among the runs that an embedded model was trained on. Raises ImportError,
    RuntimeError when its forest cannot serve."""
    from selfheal.detect.forest import isolation, revived

    forest = revived(model.forest)
    return [isolation(forest, vector) for vector in vectors]
