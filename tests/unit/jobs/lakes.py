"""Small lakes in a folder, as the processing job finds them."""

import gzip
import random
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from selfheal.adapters.s3 import day_of
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey
from selfheal.testing.builders import NOON, a_measurement
from selfheal.wire import line_of

# About as few runs as are not refused, at a budget that takes few to calibrate with.
PIPELINES, A_DAY, DAYS, BUDGET = 34, 2, 25, 20.0
UNTIL = NOON + timedelta(days=1)


def runs(pipelines: int = PIPELINES, a_day: int = A_DAY, days: int = DAYS) -> Iterator[Measurement]:
    """Ordinary runs that end with the day before UNTIL."""
    rng = random.Random(4)
    for n in range(days * a_day):
        moment = NOON - timedelta(days=days - 1) + timedelta(hours=24 * n / a_day)
        for number in range(pipelines):
            yield a_measurement(
                f"p{number}:{n}",
                pipeline=PipelineKey.parse(f"codebuild:p{number}"),
                started_at=moment,
                duration_seconds=100 * (1 + number) * rng.lognormvariate(0, 0.1),
                phases={"BUILD": 60.0 * (1 + number) * rng.lognormvariate(0, 0.1)},
            )


def lake(folder: Path, measurements: Iterable[Measurement]) -> Path:
    """Write them as ingest_run does, some in every object."""
    for day, of_day in groupby(sorted(measurements, key=lambda m: (day_of(m), m.run_id)), key=day_of):
        place = folder / f"dt={day.isoformat()}"
        place.mkdir(parents=True, exist_ok=True)
        lines = list(map(line_of, of_day))
        for n in range(0, len(lines), 50):
            (place / f"{n:05}.ndjson.gz").write_bytes(gzip.compress("".join(lines[n : n + 50]).encode()))
    return folder
