"""The global model: what ordinary runs of all pipelines look like. It carries the pipelines that are still young."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from selfheal.detect.features import FEATURES, FEATURES_VERSION
from selfheal.detect.reference import Reference
from selfheal.domain.errors import ModelRefused

FORMAT = b"selfheal-model-1\n"
LARGEST_BYTES = 32 * 2**20
LIBRARY = "krcf 0.4"


@dataclass(frozen=True, slots=True)
class GlobalModel:
    """A forest over the vectors of many pipelines, and the pooled scores that thresholds are read from.

    ``scores`` is the reference of forest scores, ``magnitudes`` that of the fallback without a forest; both
    hold for this model only. ``runs`` and ``pipelines`` were trained on. ``forest`` is the forest as MessagePack,
    which ``library`` wrote; it is revived when it is first asked, so that thresholds work without the library.
    """

    version: str
    trained_at: datetime
    runs: int
    pipelines: int
    scores: Reference
    magnitudes: Reference
    forest: bytes
    library: str
    features_version: str = FEATURES_VERSION


def dump(model: GlobalModel) -> bytes:
    """The artifact: a line that names the format, a line of JSON, the forest as compressed MessagePack."""
    forest = zlib.compress(model.forest, 9)
    head = {
        "version": model.version,
        "trained_at": model.trained_at.isoformat(),
        "runs": model.runs,
        "pipelines": model.pipelines,
        "scores": _pairs(model.scores),
        "magnitudes": _pairs(model.magnitudes),
        "features": list(FEATURES),
        "features_version": model.features_version,
        "library": model.library,
        "sha256": hashlib.sha256(forest).hexdigest(),
    }
    return FORMAT + json.dumps(head, sort_keys=True).encode() + b"\n" + forest


def load(data: bytes) -> GlobalModel:
    """The model of an artifact. Raises ModelRefused, which says what does not fit and what to do."""
    head, forest = _parts(data)
    try:
        _require("features", list(FEATURES), head["features"])
        _require("features_version", FEATURES_VERSION, head["features_version"])
        _require("library", LIBRARY, str(head["library"]).rpartition(".")[0])
        _require("sha256", hashlib.sha256(forest).hexdigest(), head["sha256"])
        return GlobalModel(
            version=str(head["version"]),
            trained_at=datetime.fromisoformat(head["trained_at"]),
            runs=int(head["runs"]),
            pipelines=int(head["pipelines"]),
            scores=_reference(head["scores"]),
            magnitudes=_reference(head["magnitudes"]),
            forest=_unpacked(forest),
            features_version=str(head["features_version"]),
            library=str(head["library"]),
        )
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise ModelRefused(
            f"the artifact is damaged ({type(error).__name__}: {error}); train a new one"
        ) from None


@cache
def embedded_model() -> GlobalModel:
    """The model that the package carries: it serves until one was trained on the account's own lake."""
    return load(resources.files("selfheal.detect").joinpath("embedded.model").read_bytes())


def _parts(data: bytes) -> tuple[Mapping[str, Any], bytes]:
    if not data.startswith(FORMAT):
        raise ModelRefused("the artifact does not begin like a model; it may be cut off or of another format")
    head, _, forest = data[len(FORMAT) :].partition(b"\n")
    try:
        return json.loads(head), forest
    except ValueError:
        raise ModelRefused("the artifact's description is not JSON; it is damaged, train a new one") from None


def _require(what: str, ours: object, theirs: object) -> None:
    if ours != theirs:
        raise ModelRefused(
            f"{what}: the artifact has {theirs!r}, this code needs {ours!r}; train a new model"
        )


def _unpacked(forest: bytes) -> bytes:
    inflater = zlib.decompressobj()
    data = inflater.decompress(forest, LARGEST_BYTES)
    if inflater.unconsumed_tail:
        raise ModelRefused(f"the artifact's forest is larger than {LARGEST_BYTES} bytes; train a new model")
    return data


def _pairs(reference: Reference) -> list[list[float]]:
    return [list(pair) for pair in zip(reference.shares, reference.scores, strict=True)]


def _reference(pairs: list[list[float]]) -> Reference:
    shares, scores = zip(*pairs, strict=True)
    return Reference(tuple(map(float, shares)), tuple(map(float, scores)))
