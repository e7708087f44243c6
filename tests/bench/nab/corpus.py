"""Corpus: 58 series of one metric with the windows in which an anomaly counts as found."""

import csv
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.bench.streams.development import data_folder

WINDOWS = "labels/combined_windows.json"


@dataclass(frozen=True, slots=True)
class Series:
    """Values in time order; ``windows``: first and last place of each, both inside."""

    name: str
    values: tuple[float, ...]
    windows: tuple[tuple[int, int], ...]


def archive() -> Path:
    """Where the benchmark's data, labels and published scores are."""
    return data_folder() / "nab" / "nab.tar.gz"


def corpus() -> list[Series]:
    """All series that have labels (possibly none), by name."""
    with tarfile.open(archive()) as tar:
        windows = json.load(_opened(tar, WINDOWS))
        return [_series(name, _opened(tar, f"data/{name}"), windows[name]) for name in sorted(windows)]


def _opened(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise FileNotFoundError(f"{archive()} has no file {name}")
    return found


def _series(name: str, file: IO[bytes], windows: Sequence[Sequence[str]]) -> Series:
    rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))
    places = {row["timestamp"]: place for place, row in reversed(list(enumerate(rows)))}
    return Series(
        name,
        tuple(float(row["value"]) for row in rows),
        tuple((places[_second(first)], places[_second(last)]) for first, last in windows),
    )


def _second(moment: str) -> str:
    """Windows are written with fractions of a second, series without."""
    return moment.partition(".")[0]
