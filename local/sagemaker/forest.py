"""The stand-in for the container of `randomcutforest`: the documented formats, with a forest of krcf behind them."""

import io
import json
import random
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from krcf import RandomCutForest

from local.sagemaker.errors import Refused

MEMBER = "model_algo-1"
RANGES = {"num_trees": (50, 1000), "num_samples_per_tree": (1, 2048), "feature_dim": (1, 10_000)}
DEFAULTS = {"num_trees": 100, "num_samples_per_tree": 256}
SEED = 1


def trained(folder: Path, hyperparameters: Mapping[str, str]) -> bytes:
    """The artifact (a gzip archive) of a forest trained on the CSV files of a channel, sampled like the algorithm does.

    Raises Refused as the container would: unknown or impossible hyperparameters, rows of another length."""
    settings = _settings(hyperparameters)
    dimensions = settings["feature_dim"]
    forest = _forest(settings)
    points = list(_points(folder, dimensions))
    random.Random(SEED).shuffle(points)  # noqa: S311 - a sample, not a secret
    for point in points[: settings["num_trees"] * settings["num_samples_per_tree"]]:
        forest.update(point)
    body = json.dumps({"dimensions": dimensions}).encode() + b"\n" + bytes(forest.to_msgpack())
    return _archived(body)


class LoadedForest:
    """An artifact, loaded as a model server does."""

    def __init__(self, artifact: bytes) -> None:
        with tarfile.open(fileobj=io.BytesIO(artifact), mode="r:gz") as archive:
            member = archive.extractfile(MEMBER)
            body = member.read() if member else b""
        head, _, forest = body.partition(b"\n")
        self._dimensions: int = json.loads(head)["dimensions"]
        self._forest = RandomCutForest.from_msgpack(forest)

    def answer(self, body: bytes, content_type: str, accept: str) -> bytes:
        """Scores in the format that was asked for. Raises Refused."""
        scores = [float(self._forest.score(vector)) for vector in self._vectors(body, content_type)]
        if accept in ("application/json", "*/*", ""):
            return json.dumps({"scores": [{"score": score} for score in scores]}).encode()
        if accept == "application/jsonlines":
            return "".join(json.dumps({"score": score}) + "\n" for score in scores).encode()
        raise Refused(f"Accept {accept} is not supported")

    def _vectors(self, body: bytes, content_type: str) -> Iterator[list[float]]:
        try:
            found = list(_csv(body.decode()) if content_type.startswith("text/csv") else _json(body))
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"the body is no {content_type}: {error}") from error
        for vector in found:
            if len(vector) != self._dimensions:
                raise Refused(f"a vector has {len(vector)} numbers, feature_dim is {self._dimensions}")
            yield vector


def _csv(text: str) -> Iterator[list[float]]:
    return ([float(number) for number in line.split(",")] for line in text.splitlines() if line)


def _json(body: bytes) -> Iterator[list[float]]:
    """Both spellings of the guide: features alone, or wrapped in data."""
    for instance in json.loads(body)["instances"]:
        found: Any = instance.get("features") or instance["data"]["features"]["values"]
        yield [float(number) for number in found]


def _settings(given: Mapping[str, str]) -> dict[str, int]:
    unknown = set(given) - set(RANGES) - {"eval_metrics", "mini_batch_size"}
    if unknown or "feature_dim" not in given:
        raise Refused(f"unknown or missing hyperparameters: {sorted(unknown) or 'feature_dim'}")
    settings = {**DEFAULTS, **{name: int(value) for name, value in given.items() if name in RANGES}}
    for name, (least, most) in RANGES.items():
        if not least <= settings[name] <= most:
            raise Refused(f"{name} must be between {least} and {most}, not {settings[name]}")
    return settings


def _forest(settings: Mapping[str, int]) -> RandomCutForest:
    return RandomCutForest(
        {
            "dimensions": settings["feature_dim"],
            "shingle_size": 1,
            "num_trees": settings["num_trees"],
            "sample_size": settings["num_samples_per_tree"],
            "output_after": 1,
            "random_seed": SEED,
            "initial_accept_fraction": 1.0,
            "bounding_box_cache_fraction": 0.0,
        }
    )


def _points(folder: Path, dimensions: int) -> Iterator[Sequence[float]]:
    for path in sorted(folder.rglob("*.csv")):
        yield from _of_length(_csv(path.read_text()), dimensions, path.name)


def _of_length(points: Iterable[list[float]], dimensions: int, name: str) -> Iterator[Sequence[float]]:
    for point in points:
        if len(point) != dimensions:
            raise Refused(f"{name}: a row has {len(point)} numbers, feature_dim is {dimensions}")
        yield point


def _archived(body: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as files:
        member = tarfile.TarInfo(MEMBER)
        member.size = len(body)
        files.addfile(member, io.BytesIO(body))
    return archive.getvalue()
