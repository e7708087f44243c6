"""Scores the diagnosis on labelled logs of real CI failures.

``python tests/bench/bench_diagnosis.py [--misses]`` reads ``ci-logs/failed.jsonl`` and ``passed.jsonl`` from
the folder SELFHEAL_DATA or ../shared/data. Rows whose label has low confidence are left out; where the
evidence is not in the text the right answer is ``unknown``. Only the log text is given to the diagnosis: no
phases, codes or test reports, so this scores the signatures alone.
"""

import json
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import PipelineKey, Run, RunRef, RunStatus
from selfheal.domain.score import Level, Score
from selfheal.ports import LogLine

Row = dict[str, Any]
NO_SCORE = Score(value=0.0, ready=False, level=Level.NONE)


def data_folder() -> Path:
    """Where the labelled logs are."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return Path(os.environ.get("SELFHEAL_DATA", beside)) / "ci-logs"


def read(path: Path) -> list[Row]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def diagnosed(text: str) -> Diagnosis:
    """The diagnosis of a failed build of which only the log is known."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    run = Run(RunRef(PipelineKey.parse("codebuild:bench"), "bench:1"), RunStatus.FAILED, moment, moment)
    lines = [LogLine(n, line) for n, line in enumerate(text.split("\n"), 1)]
    return diagnose(run, IncidentKind.FAILED, NO_SCORE, lines, [], Redactor())


def ratio(part: int, whole: int) -> float:
    """``part / whole``, NaN for nothing out of nothing."""
    return part / whole if whole else float("nan")


def f1(precision: float, recall: float) -> float:
    """Harmonic mean, 0 when either is 0 or undefined."""
    total = precision + recall
    return 2 * precision * recall / total if total > 0 else 0.0


def expected(row: Row) -> str:
    """The label, ``unknown`` where the text does not show it."""
    return str(row["cause"]) if row["evidence_in_text"] else Cause.UNKNOWN.value


def report_causes(pairs: Iterable[tuple[str, str]]) -> None:
    """Per cause: precision, recall, F1, rows; then accuracy and macro-F1 over the causes that occur."""
    counted = list(pairs)
    scores = []
    print(f"{'cause':24}{'precision':>10}{'recall':>8}{'F1':>7}{'rows':>6}")
    for cause in Cause:
        right = sum(want == got == cause for want, got in counted)
        rows = sum(want == cause for want, _ in counted)
        precision, recall = ratio(right, sum(got == cause for _, got in counted)), ratio(right, rows)
        if rows:
            scores.append(f1(precision, recall))
            print(f"{cause:24}{precision:10.2f}{recall:8.2f}{scores[-1]:7.2f}{rows:6d}")
    accuracy = ratio(sum(want == got for want, got in counted), len(counted))
    macro = ratio(1, len(scores)) * sum(scores)
    print(f"accuracy {accuracy:.3f}   macro-F1 {macro:.3f}   rows {len(counted)}")


def report_retry(rows: list[Row], found: list[Diagnosis]) -> None:
    """How well ``transient`` tells which failures another attempt can pass."""
    pairs = [(row["transient"], d.transient is True) for row, d in zip(rows, found, strict=True)]
    known = [(want, got) for want, got in pairs if want is not None]
    right = sum(want and got for want, got in known)
    said, wanted = sum(got for _, got in known), sum(want for want, _ in known)
    print(f"retry: precision {ratio(right, said):.2f} ({right}/{said})", end="   ")
    print(f"recall {ratio(right, wanted):.2f} ({right}/{wanted})")


def report_recovered(rows: list[Row], noise: list[str]) -> None:
    """How often a passed log's complaints, put before a lasting failure, make it look worth a retry."""
    lasting = [row["text"] for row in rows if row["transient"] is False]
    before = [diagnosed(text).transient is True for text in lasting]
    after = [
        diagnosed(f"{noise[n % len(noise)]}\n{text}").transient is True for n, text in enumerate(lasting)
    ]
    print(f"lasting failures read as transient: {sum(before)} of {len(lasting)}", end=", ")
    print(f"{sum(after)} with a passed log's complaints put before them")


def main() -> None:
    """Print all figures; with ``--misses`` also every row that was missed."""
    folder = data_folder()
    if not (folder / "failed.jsonl").exists():
        print(f"skipped: no labelled logs in {folder} (set SELFHEAL_DATA)")
        return
    rows = [row for row in read(folder / "failed.jsonl") if row["confidence"] != "low"]
    found = [diagnosed(row["text"]) for row in rows]
    report_causes((expected(row), d.cause) for row, d in zip(rows, found, strict=True))
    report_retry(rows, found)
    passed = [diagnosed(row["text"]) for row in read(folder / "passed.jsonl")]
    report_recovered(rows, [row["text"] for row in read(folder / "passed.jsonl")])
    alarms = sum(d.transient is True for d in passed)
    print(f"control: {alarms} of {len(passed)} passed logs would read as transient")
    if "--misses" in sys.argv:
        for row, d in zip(rows, found, strict=True):
            if expected(row) != d.cause:
                print(f"{row['id']}  want {expected(row)}  got {d.cause} {d.source}  {d.summary}")


if __name__ == "__main__":
    main()
