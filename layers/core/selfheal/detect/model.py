"""The global model: what ordinary runs of all pipelines look like. It carries the pipelines that are still young."""

import hashlib
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from selfheal.detect.features import FEATURES, FEATURES_VERSION
from selfheal.detect.reference import Reference
from selfheal.domain.errors import ModelRefused

FORMAT = b"selfheal-model-2\n"
LARGEST_BYTES = 32 * 2**20
LIBRARY = "krcf 0.4"
FEWEST_POINTS = 2


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
        "scores": pairs(model.scores),
        "magnitudes": pairs(model.magnitudes),
        "features": list(FEATURES),
        "features_version": model.features_version,
        "library": model.library,
    }
    return artifact_of(head, forest)


def artifact_of(head: Mapping[str, Any], forest: bytes) -> bytes:
    """The artifact of a description and a compressed forest, with the digest of both: a threshold that changed is as
    bad as a forest that did."""
    signed = {**head, "sha256": digest(head, forest)}
    return FORMAT + json.dumps(signed, sort_keys=True).encode() + b"\n" + forest


def load(data: bytes) -> GlobalModel:
    """The model of an artifact. Raises ModelRefused, which says what does not fit and what to do."""
    head, forest = parts_of(data)
    try:
        require("features", list(FEATURES), head["features"])
        require("features_version", FEATURES_VERSION, head["features_version"])
        require("library", LIBRARY, str(head["library"]).rpartition(".")[0])
        require("sha256", digest(head, forest), head["sha256"])
        return GlobalModel(
            version=str(head["version"]),
            trained_at=datetime.fromisoformat(head["trained_at"]),
            runs=int(head["runs"]),
            pipelines=int(head["pipelines"]),
            scores=reference_in("scores", head["scores"]),
            magnitudes=reference_in("magnitudes", head["magnitudes"]),
            forest=_unpacked(forest),
            features_version=str(head["features_version"]),
            library=str(head["library"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise ModelRefused(
            f"the artifact is damaged ({type(error).__name__}: {error}); train a new one"
        ) from None


@cache
def embedded_model() -> GlobalModel:
    """The model that the package carries: it serves until one was trained on the account's own lake."""
    return load(resources.files("selfheal.detect").joinpath("embedded.model").read_bytes())


def parts_of(data: bytes) -> tuple[Mapping[str, Any], bytes]:
    """The description and the compressed forest of an artifact. Raises ModelRefused."""
    if not data.startswith(FORMAT):
        raise ModelRefused("the artifact does not begin like a model; it may be cut off or of another format")
    head, _, forest = data[len(FORMAT) :].partition(b"\n")
    try:
        return json.loads(head), forest
    except (ValueError, RecursionError):
        raise ModelRefused("the artifact's description is not JSON; it is damaged, train a new one") from None


def require(what: str, ours: object, theirs: object) -> None:
    """Raises ModelRefused unless the artifact has what this code needs."""
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


def pairs(reference: Reference) -> list[list[float]]:
    """A reference as JSON: a list of [share, score]."""
    return [list(pair) for pair in zip(reference.shares, reference.scores, strict=True)]


def reference_in(name: str, found: list[list[float]]) -> Reference:
    """Inverse of ``pairs``. Raises ModelRefused: what cannot be looked up in must not serve, for it would stop every
    score, or tell of none."""
    shares, scores = (tuple(map(float, side)) for side in zip(*found, strict=True))
    if len(shares) < FEWEST_POINTS:
        raise ModelRefused(f"{name}: a reference needs at least {FEWEST_POINTS} points; train a new model")
    if not (_rising((0.0, *scores, math.inf)) and _rising((0.0, *reversed(shares), 1.0))):
        raise ModelRefused(f"{name}: must rise, above 0 and finite, while shares fall; train a new model")
    return Reference(shares, scores)


def _rising(numbers: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(numbers))


def digest(head: Mapping[str, Any], forest: bytes) -> str:
    """The SHA-256 of the description without the digest itself, and of the forest."""
    rest = {name: value for name, value in head.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode() + b"\n" + forest).hexdigest()
