"""The lake as a folder: sorted into one file for each day and group of pipelines, so that no more is ever held."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO

from selfheal.domain.measurement import Measurement, most_complete
from selfheal.jobs.quality import DUPLICATE, IN_THE_FUTURE, TOO_EARLY, Quality
from selfheal.lake_lines import measurements_in
from selfheal.wire import line_of, measurement_of

GROUPS = 64


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` to before ``until``."""

    since: datetime
    until: datetime


def place_of(pipeline: str) -> int:
    """Where a pipeline stands in an order that says nothing of it; the same one every time."""
    return int.from_bytes(hashlib.sha256(pipeline.encode()).digest()[:8], "big")


@lru_cache(maxsize=100_000)
def group_of(pipeline: str) -> int:
    """The group that a pipeline belongs to."""
    return place_of(pipeline) % GROUPS


def sorted_out(folder: Path, day: date, period: Period, groups: Path) -> Quality:
    """Read one day of the lake into ``groups``/<group>/<day>.ndjson; damaged objects and lines are skipped."""
    quality = Quality()
    with ExitStack() as stack:
        files: dict[int, IO[str]] = {}
        for run in _runs(folder / f"dt={day.isoformat()}", quality.skipped):
            if not period.since <= run.started_at < period.until:
                quality.skipped[TOO_EARLY if run.started_at < period.since else IN_THE_FUTURE] += 1
                continue
            group = group_of(str(run.pipeline))
            if group not in files:
                files[group] = stack.enter_context(_opened(groups, group, day))
            files[group].write(line_of(run))
            quality.add(run, day)
    return quality


def runs_of(groups: Path, group: int, skipped: Counter[str]) -> Iterator[tuple[date, Measurement]]:
    """The runs of a group with their day, in order of start, each once; a day at a time is held."""
    for path in sorted((groups / str(group)).glob("????-??-??.ndjson")):
        with path.open("rb") as lines:
            found = list(map(measurement_of, lines))
        once = most_complete(found)
        skipped[DUPLICATE] += len(found) - len(once)
        day = date.fromisoformat(path.stem)
        for run in sorted(once.values(), key=lambda run: (run.started_at, run.run_id)):
            yield day, run


def _opened(groups: Path, group: int, day: date) -> IO[str]:
    path = groups / str(group) / f"{day.isoformat()}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w")


def _runs(folder: Path, skipped: Counter[str]) -> Iterator[Measurement]:
    """Of every object of a day; what is skipped is counted by reason alone, for there can be many objects."""
    of_objects: Counter[str] = Counter()
    for path in sorted(folder.glob("*")):
        with path.open("rb") as body:
            yield from measurements_in("", body, of_objects)
    skipped.update({reason.removeprefix(": "): count for reason, count in of_objects.items()})
