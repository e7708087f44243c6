"""The hosted model: a forest behind a SageMaker endpoint, and what Selfheal itself keeps of it, its thresholds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from selfheal.detect.features import FEATURES, FEATURES_VERSION
from selfheal.detect.model import artifact_of, digest, pairs, parts_of, reference_in, require
from selfheal.detect.reference import Reference
from selfheal.domain.errors import ModelRefused

ALGORITHM = "sagemaker randomcutforest 1"
NO_FOREST = b""


@dataclass(frozen=True, slots=True)
class HostedModel:
    """One version of the hosted forest. ``runs`` and ``pipelines`` were trained on.

    ``unit`` brings the endpoint's scores to the scale of a pipeline's own forest, with which they are blended;
    ``scores`` is the reference of the blended scores. Both hold for this version only.
    """

    version: str
    trained_at: datetime
    runs: int
    pipelines: int
    unit: float
    scores: Reference
    features_version: str = FEATURES_VERSION


@dataclass(frozen=True, slots=True)
class Hosted:
    """A hosted model that can be asked: ``ask`` gives what the endpoint says of a vector, or raises
    ForestUnavailable."""

    model: HostedModel
    ask: Callable[[Sequence[float]], float]

    def shared(self, features: Sequence[float]) -> float:
        """How isolated a vector is, on the scale of the pipelines' own forests. Raises ForestUnavailable."""
        return self.model.unit * self.ask(features)


def dump_hosted(model: HostedModel) -> bytes:
    """The artifact, in the format of detect/model.py; its forest is empty, for the endpoint has it."""
    head = {
        "version": model.version,
        "trained_at": model.trained_at.isoformat(),
        "runs": model.runs,
        "pipelines": model.pipelines,
        "unit": model.unit,
        "scores": pairs(model.scores),
        "features": list(FEATURES),
        "features_version": model.features_version,
        "library": ALGORITHM,
    }
    return artifact_of(head, NO_FOREST)


def load_hosted(data: bytes) -> HostedModel:
    """The model of an artifact. Raises ModelRefused, which says what does not fit and what to do."""
    head, forest = parts_of(data)
    try:
        require("features", list(FEATURES), head["features"])
        require("features_version", FEATURES_VERSION, head["features_version"])
        require("library", ALGORITHM, head["library"])
        require("sha256", digest(head, forest), head["sha256"])
        return HostedModel(
            version=str(head["version"]),
            trained_at=datetime.fromisoformat(head["trained_at"]),
            runs=int(head["runs"]),
            pipelines=int(head["pipelines"]),
            unit=_unit(head["unit"]),
            scores=reference_in("scores", head["scores"]),
            features_version=str(head["features_version"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelRefused(
            f"the artifact is damaged ({type(error).__name__}: {error}); train a new one"
        ) from None


def _unit(found: Any) -> float:
    unit = float(found)
    if not 0 < unit < float("inf"):
        raise ModelRefused(f"unit: must be above 0 and finite, not {unit!r}; train a new model")
    return unit
