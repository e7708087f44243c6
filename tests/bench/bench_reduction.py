"""Measures log reduction: speed and memory on 100 MB, and whether the lines that matter survive.

``python tests/bench/bench_reduction.py [--mb 100] [--kept]``. The large log is generated (seeded, none of its text is
real), zipped, and read as S3 delivers it (not with ``--kept``). Whether lines survive is measured on the labelled logs
of ``ci-logs``: the lines that the diagnosis of the whole text cites as evidence, or others of the same text, are looked
for in the 16 KB excerpt, of the text alone and of the text within thousands of other lines. Rows for which the
diagnosis cites nothing are left out.
"""

import gzip
import io
import json
import os
import resource
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from selfheal.adapters.s3_logs import S3LogReader
from selfheal.diagnose.clean import clean_line
from selfheal.diagnose.diagnose import MAX_EVIDENCE_CHARS
from selfheal.diagnose.excerpt import EXCERPT_BYTES, excerpt
from selfheal.diagnose.offline import diagnose_log
from selfheal.diagnose.placeholders import PLACEHOLDER
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.shape import shapes
from selfheal.domain.run import LogObject
from selfheal.ports import LogLine
from tests.bench.commands import MEGABYTE, report_command

WORDS = [
    "compile",
    "resolve",
    "cache",
    "layer",
    "copy",
    "check",
    "package",
    "link",
    "target",
    "bundle",
    "index",
]
FAILED = [
    "FATAL: the widget is not square",
    "[Container] 2026/01/15 12:00:01.1 Command did not exit successfully make exit status 2",
]


def chatter(seed: int) -> Iterator[str]:
    """Lines as build tools write them when all is well, without end."""
    random = Random(seed)
    while True:
        some = random.choices(WORDS, k=8)
        number = random.randint(1, 900)
        yield f"[INFO] {some[0]} com.example.shop.{some[1]}:{number % 9}.{number % 20} in {number / 7:.3f} s"
        yield f"#{number % 30} {number / 3:.3f} {' '.join(some)} {random.getrandbits(48):012x}"
        yield f"2026-01-15T12:{number % 60:02d}:00.000Z {' '.join(some)} done"
        yield f"  [{number}/900] Building CXX object src/{some[2]}/{some[3]}.cc.o"
        yield f"\x1b[32m✓\x1b[0m {' '.join(some[:5])} ({number} ms)"
        yield f"Downloading https://repo.example.test/{some[4]}/{some[5]}-{number % 9}.{number % 20}.jar ({number} kB)"


class Folder:
    """As much of an S3 client as the reader needs, over files."""

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        """The file as S3 would stream it."""
        return {"Body": io.BufferedReader(io.FileIO(Path(Bucket) / Key))}


def write_log(path: Path, megabytes: int) -> int:
    """A zipped log of this size with a failure in its middle; gives its number of lines."""
    lines = chatter(1)
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    size = count = 0
    failed = False
    with path.open("wb") as target:
        while size < megabytes * MEGABYTE:
            block = list(islice(lines, 10_000))
            if not failed and size > megabytes * MEGABYTE / 2:
                block, failed = [*block, *FAILED], True
            raw = ("\n".join(block) + "\n").encode()
            size, count = size + len(raw), count + len(block)
            target.write(packer.compress(raw))
        target.write(packer.flush())
    return count


def report_size(megabytes: int) -> None:
    """One pass over a large log, with the shapes of a good run to hold it against."""
    with tempfile.TemporaryDirectory() as folder:
        lines = write_log(Path(folder) / "log.gz", megabytes)
        usual = shapes(LogLine(0, clean_line(text)) for text in islice(chatter(2), 100_000))
        at_start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        start = time.process_time()
        found = excerpt(S3LogReader(Folder()).lines(LogObject(folder, "log.gz")), Redactor(), usual)
        took = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    size = sum(len(line.text.encode()) + 1 for line in found)
    print(
        f"{megabytes} MB, {lines} lines: {took:.1f} s, {megabytes / took:.1f} MB/s, peak {peak:.0f} MB",
        end=" ",
    )
    print(f"({at_start:.0f} MB before), {len(found)} lines, {size} bytes", end=", ")
    print("failure kept" if {*FAILED} <= {line.text for line in found} else "FAILURE LOST")


def report_diagnosis(megabytes: int) -> None:
    """The same log through `selfheal diagnose`."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        write_log(Path(folder) / "log.gz", megabytes)
        with gzip.open(Path(folder) / "log.gz") as zipped:
            shutil.copyfileobj(zipped, log)
        report_command(log, "diagnose", "-")


def rows(name: str) -> list[dict[str, Any]]:
    """The labelled rows; none where they are missing."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    path = Path(os.environ.get("SELFHEAL_DATA", beside)) / "ci-logs" / name
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def alarming(seed: int, count: int, texts: list[str]) -> list[str]:
    """Lines of logs that passed, their most alarming ones, in any order."""
    pool = [line for text in texts for line in text.split("\n")]
    return Random(seed).choices(pool, k=count)


def plain(text: str) -> str:
    """As much of a line as is cited, without the numbers of what was redacted in it."""
    return PLACEHOLDER.sub("", text.strip()[:MAX_EVIDENCE_CHARS])


def report_kept() -> None:
    """For each surrounding: rows all of whose cited lines are in the excerpt, and rows with at least one."""
    passed = [row["text"] for row in rows("passed.jsonl")]
    cited = []
    for row in rows("failed.jsonl"):
        evidence = [(line.line, plain(line.text)) for line in diagnose_log(row["text"]).evidence if line.line]
        if row["confidence"] != "low" and row["evidence_in_text"] and evidence:
            cited.append((row["text"].split("\n"), evidence))
    print(f"cited lines kept in {EXCERPT_BYTES} bytes, {len(cited)} rows: all of them, at least one")
    usual = shapes(LogLine(0, clean_line(text)) for text in islice(chatter(2), 100_000))
    noisy = shapes(LogLine(0, clean_line(text)) for text in alarming(99, 30_000, passed))
    none = frozenset[int]()
    calm = list(islice(chatter(3), 4_000))
    harsh = alarming(1, 4_000, passed)
    once = list(dict.fromkeys(alarming(2, 30_000, passed)))
    for name, before, after, known in [
        ("the row alone", [], [], none),
        ("4,000 calm lines before", calm, [], none),
        ("4,000 calm before, 200 after", calm, calm[:200], none),
        ("4,000 calm before, 4,000 after", calm, calm, none),
        ("the same, a good run known", calm, calm, usual),
        ("4,000 alarming lines before", harsh, [], none),
        ("4,000 alarming before, 4,000 after", harsh, harsh, none),
        ("the same, a good run known", harsh, harsh, noisy),
        (
            f"{len(once)} alarming lines said once, half after",
            once[: len(once) // 2],
            once[len(once) // 2 :],
            none,
        ),
    ]:
        report_surrounded(name, cited, before, after, known)


def report_surrounded(
    name: str,
    cited: list[tuple[list[str], list[tuple[int, str]]]],
    before: list[str],
    after: list[str],
    usual: frozenset[int],
) -> None:
    """One line of the table."""
    whole = some = 0
    for text, evidence in cited:
        lines = (LogLine(number, line) for number, line in enumerate([*before, *text, *after], 1))
        shown = excerpt(lines, Redactor(), usual)
        numbers, texts = {line.number for line in shown}, {plain(line.text) for line in shown}
        kept = [len(before) + number in numbers or text in texts for number, text in evidence]
        whole, some = whole + all(kept), some + any(kept)
    print(f"  {name:36} {whole / len(cited):6.1%} {some / len(cited):6.1%}")


def main() -> None:
    """Print all figures; memory first, before anything else has grown it."""
    megabytes = int(sys.argv[sys.argv.index("--mb") + 1]) if "--mb" in sys.argv else 100
    if "--kept" not in sys.argv:
        report_size(megabytes)
        report_diagnosis(megabytes)
    if rows("failed.jsonl"):
        report_kept()
    else:
        print("skipped: no labelled logs (set SELFHEAL_DATA)")


if __name__ == "__main__":
    main()
