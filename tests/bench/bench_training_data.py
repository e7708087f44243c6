"""The processing job that prepares training: time and peak memory over the size of the lake.

    python tests/bench/bench_training_data.py [--runs 10000 100000 1000000] [--workers 1]

Generated runs over 90 days, 1,000 for each pipeline. Each size is written and prepared in fresh processes; the peak
is that of the process that prepares. Memory that does not grow with the runs of a pipeline shows that it streams.
"""

import argparse
import gzip
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, RunStatus
from selfheal.jobs.prepare import Preparation, prepare
from selfheal.wire import line_of

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 90
OF_A_PIPELINE = 1000
IN_AN_OBJECT = 500
PHASES = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")


def write(root: Path, runs: int) -> None:
    """A lake of so many runs, a day at a time."""
    rng = random.Random(3)
    pipelines = max(10, runs // OF_A_PIPELINE)
    of_a_day = runs / pipelines / DAYS
    for day in range(DAYS):
        lines: list[str] = []
        for number in range(pipelines):
            first, last = int(day * of_a_day), int((day + 1) * of_a_day)
            lines += [line_of(a_run(number, n, day, rng)) for n in range(first, last)]
        folder = root / f"dt={(START + timedelta(days=day)).date().isoformat()}"
        folder.mkdir(parents=True)
        for place in range(0, len(lines), IN_AN_OBJECT):
            body = gzip.compress("".join(lines[place : place + IN_AN_OBJECT]).encode(), 1)
            (folder / f"{place:07}.ndjson.gz").write_bytes(body)


def a_run(number: int, n: int, day: int, rng: random.Random) -> Measurement:
    """An ordinary run of four phases with CPU and memory."""
    phases = {name: (5.0 + number % 50) * rng.lognormvariate(0, 0.1) for name in PHASES}
    return Measurement(
        f"p{number}:{n}",
        PipelineKey.parse(f"codebuild:p{number}"),
        RunStatus.SUCCEEDED,
        START + timedelta(days=day, seconds=rng.uniform(0, 86_399)),
        sum(phases.values()),
        phases,
        cpu_percent=rng.uniform(40, 60),
        memory_percent=rng.uniform(30, 35),
    )


def measure(root: Path, runs: int, workers: int) -> None:
    """Prepare and print a row of the table."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        until = START + timedelta(days=DAYS)
        report = prepare(Preparation(root, Path(out), until, DAYS, 10.0, 5.0, workers))
        seconds = time.perf_counter() - begin
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    rows: dict[str, int] = defaultdict(int, report["rows"])
    scored = rows["calibration"] + 2 * rows["evaluation"]
    print(
        f"| {runs:,} | {report['pipelines']:,} | {seconds:.0f} | {report['runs'] / seconds:,.0f} | "
        f"{peak // 1024} | {rows['train']:,} | {scored:,} |",
        flush=True,
    )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure, asked.runs[0], asked.workers)
        return
    print("| runs | pipelines | seconds | runs/s | peak MiB | vectors to train on | rows scored |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for runs in asked.runs:
        with tempfile.TemporaryDirectory() as root:
            write(Path(root), runs)
            again = ["--runs", str(runs), "--workers", str(asked.workers), "--measure", root]
            subprocess.run([sys.executable, __file__, *again], check=True)


if __name__ == "__main__":
    main()
