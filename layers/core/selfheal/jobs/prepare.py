"""prepare: turn the lake into what the training job, the batch job and the evaluation read.

| folder | what |
| --- | --- |
| train/ | vectors without a header (CSV), one file for each group of pipelines |
| sets/vectors.csv | the vectors of the rows, in their order: what the batch job scores |
| rows/rows.ndjson | the rows (detect/evaluation.py) |
| report/quality.json | what was read, what was left out and why |
"""

import json
import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from selfheal.detect.alarm import fewest_to_calibrate
from selfheal.detect.evaluation import CALIBRATION, EVALUATION, line_of_row
from selfheal.detect.training import MOST_PIPELINES, MOST_SCORED
from selfheal.jobs.errors import LakeRefused
from selfheal.jobs.lake import GROUPS, Period, place_of, runs_of, sorted_out
from selfheal.jobs.quality import PART, Quality, days_between, split
from selfheal.jobs.vectors import GroupVectors, Plan

FEWEST_VECTORS = 500
FEWEST_EVALUATED = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Preparation:
    """``lake`` is the folder with the days in it; ``out`` gets the folders above; ``days`` before ``until`` are read.
    ``budget``: false alarms per 1,000 runs, which thresholds will be calibrated for.
    ``workers``: processes at work at the same time; ``scratch`` must have room for the lake, uncompressed."""

    lake: Path
    out: Path
    until: datetime
    days: int
    min_seconds: float
    budget: float
    workers: int = os.cpu_count() or 1
    scratch: Path | None = None

    @property
    def period(self) -> Period:
        """What is read."""
        return Period(self.until - timedelta(days=self.days), self.until)


def prepare(ask: Preparation) -> dict[str, Any]:
    """Write the folders; gives the report. Raises LakeRefused, after the report was written."""
    with tempfile.TemporaryDirectory(dir=ask.scratch) as scratch:
        groups = Path(scratch)
        quality = Quality()
        days = days_between(ask.period.since.date(), ask.until.date())
        read = partial(_day, ask.lake, ask.period, groups)
        for found in _each(read, list(days), ask.workers):
            quality.merge(found)
        report = ask.out / "report" / "quality.json"
        try:
            quality.require()
            written = _written(ask, quality, groups)
        finally:
            document = quality.document()
            _save(report, document)
    document |= {"skipped": dict(quality.skipped), "rows": written}
    _save(report, document)
    _require(ask, quality.runs, written)
    return document


def _day(lake: Path, period: Period, groups: Path, day: Any) -> Quality:
    return sorted_out(lake, day, period, groups)


def _written(ask: Preparation, quality: Quality, groups: Path) -> dict[str, int]:
    """Group by group, at most ``workers`` at a time; then the groups' rows become one file, in order."""
    plan = _plan(quality, ask)
    work = partial(_group, plan, groups, ask.out)
    counts: Counter[str] = Counter()
    for found, skipped in _each(work, range(GROUPS), ask.workers):
        counts += found
        quality.skipped += skipped
    for folder, name in (("sets", "vectors.csv"), ("rows", "rows.ndjson")):
        _joined(ask.out / folder, name, [groups / str(group) / name for group in range(GROUPS)])
    return dict(counts)


def _plan(quality: Quality, ask: Preparation) -> Plan:
    """Rows are taken of at most 200 pipelines, about 6,000 of each part."""
    calibrate, evaluate = split(quality.days, fewest_to_calibrate(ask.budget))
    chosen = sorted(quality.pipelines, key=place_of)[:MOST_PIPELINES]
    wanted = MOST_SCORED / len(chosen)
    chances = {name: min(1.0, wanted / (PART * quality.pipelines[name])) for name in chosen}
    return Plan(calibrate, evaluate, ask.min_seconds, chances)


def _group(plan: Plan, groups: Path, out: Path, group: int) -> tuple[Counter[str], Counter[str]]:
    """The counts of what was written of a group, and of what was skipped."""
    if not (groups / str(group)).exists():
        return Counter(), Counter()
    counts: Counter[str] = Counter()
    vectors = GroupVectors(plan)
    (out / "train").mkdir(parents=True, exist_ok=True)
    with (
        (out / "train" / f"{group:02}.csv").open("w") as train,
        (groups / str(group) / "vectors.csv").open("w") as sets,
        (groups / str(group) / "rows.ndjson").open("w") as rows,
    ):
        for day, run in runs_of(groups, group, vectors.skipped):
            part = plan.part_of(day)
            if not part:
                counts["train"] += _vectors_into(train, vectors.trained_on(run))
            for row in vectors.rows(run, part):
                counts[f"{row.part}, made odd" if row.odd else row.part] += 1
                _vectors_into(sets, [row.vector])
                rows.write(line_of_row(row))
        counts["train"] += _vectors_into(train, vectors.rest())
    return counts, vectors.skipped


def _vectors_into(file: IO[str], vectors: Iterable[Sequence[float]]) -> int:
    count = 0
    for vector in vectors:
        file.write(csv_line(vector))
        count += 1
    return count


def csv_line(vector: Sequence[float]) -> str:
    """A vector as the algorithm reads it."""
    return ",".join(f"{number:.6g}" for number in vector) + "\n"


def _joined(folder: Path, name: str, pieces: Sequence[Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("wb") as whole:
        for piece in pieces:
            if piece.exists():
                with piece.open("rb") as part:
                    shutil.copyfileobj(part, whole)


def _require(ask: Preparation, runs: int, written: dict[str, int]) -> None:
    """Raises LakeRefused for parts that are too small; what ``calibrate`` takes follows from the budget."""
    for part, least, what in (
        ("train", FEWEST_VECTORS, "to train on"),
        (CALIBRATION, fewest_to_calibrate(ask.budget), f"for a budget of {ask.budget:g} to calibrate on"),
        (EVALUATION, FEWEST_EVALUATED, "to evaluate on"),
    ):
        found = written.get(part, 0)
        if found < least:
            raise LakeRefused(
                f"{found} runs with enough history before them are there {what}; it takes {least}. The last {ask.days} "
                f"days hold {runs} runs, {_missing(runs, found, least)}. Until then the embedded forest serves, and "
                "nothing needs to be done"
            )


def _missing(runs: int, found: int, least: int) -> str:
    """What it takes, if new runs are spread as those that are there."""
    if not found:
        return "too few of every single pipeline"
    return f"it takes some {math.ceil(runs * (least - found) / found)} more"


def _save(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1))


def _each(work: Callable[[Any], T], items: Sequence[Any] | range, workers: int) -> Iterable[T]:
    if workers == 1:
        yield from map(work, items)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(work, items)
