"""Reading the lake back: time and peak memory of the whole path but for S3 itself, which a folder stands for.

    python tests/bench/bench_lake.py [--days 10 90] [--runs-per-day 1000] [--batch 5]

Each length is written and read in fresh processes. Memory that does not grow with the days shows that reading streams.
"""

import argparse
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from selfheal.adapters.s3 import S3Lake
from selfheal.adapters.s3_reader import S3LakeReader
from selfheal.testing.builders import NOON, a_measurement

DAY = timedelta(days=1)
PHASES = {f"PHASE_{n}": 1.5 * n for n in range(9)}


class Folder:
    """As much of an S3 client as the lake needs, and its own paginator."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803 (boto3's names)
        path = self._root / Key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Body)

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO((self._root / Key).read_bytes())}

    def get_paginator(self, _: str) -> "Folder":
        return self

    def paginate(self, *, Prefix: str, **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        yield {"Contents": [{"Key": Prefix + path.name} for path in sorted((self._root / Prefix).glob("*"))]}


def write(root: Path, days: int, runs: int, batch: int) -> None:
    """So many runs a day, in objects of one batch each."""
    lake = S3Lake(Folder(root), "lake")
    for day in range(days):
        for first in range(0, runs, batch):
            start = NOON + day * DAY + timedelta(seconds=first)
            lake.put(
                [
                    a_measurement(
                        f"shop:{day}-{first + n}", started_at=start, phases=PHASES, cpu_percent=50.0
                    )
                    for n in range(batch)
                ]
            )


def read(root: Path, days: int) -> None:
    """Read all of it and print a row of the table."""
    begin = time.perf_counter()
    runs = sum(1 for _ in S3LakeReader(Folder(root), "lake").read(NOON - DAY, NOON + days * DAY))
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"| {days} | {runs:,} | {seconds:.1f} | {runs / seconds:,.0f} | {peak} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--days", type=int, nargs="+", default=[10, 90])
    parser.add_argument("--runs-per-day", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read, arguments.days[0])
        return
    print("| days | runs | seconds | runs/s | peak MiB |\n| --- | --- | --- | --- | --- |", flush=True)
    for days in arguments.days:
        with tempfile.TemporaryDirectory() as root:
            write(Path(root), days, arguments.runs_per_day, arguments.batch)
            subprocess.run([sys.executable, __file__, "--days", str(days), "--read", root], check=True)


if __name__ == "__main__":
    main()
