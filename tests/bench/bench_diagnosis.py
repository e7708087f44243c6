"""Scores the diagnosis on labelled logs of real CI failures.

``python tests/bench/bench_diagnosis.py [--misses]`` reads ``ci-logs/failed.jsonl`` and ``passed.jsonl`` from
the folder SELFHEAL_DATA or ../shared/data. Rows whose label has low confidence are left out; where the
evidence is not in the text the right answer is ``unknown``. Only the log's text is given: no phases, codes, test
reports or history, which a deployed diagnosis has.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from selfheal.domain.diagnosis import Cause
from tests.bench.diagnosis.figures import (
    FEWEST_ROWS,
    Found,
    accuracy,
    cause_table,
    evidence_line,
    macro_f1,
    reliability_table,
    retry_line,
)
from tests.bench.diagnosis.rows import Row, diagnosed, failed, folder, passed
from tests.bench.diagnosis.support import supported

CONFIDENT = 0.8


def main() -> None:
    """Print all figures; with ``--misses`` also every row that was missed."""
    if not (folder() / "failed.jsonl").exists():
        print(f"skipped: no labelled logs in {folder()} (set SELFHEAL_DATA)")
        return
    rows = failed()
    found = [diagnosed(row.text) for row in rows]
    print(cause_table([row.cause for row in rows], [f["cause"] for f in found]), end="\n\n")
    print("| rows | count | accuracy | macro-F1 | retry |\n| --- | --- | --- | --- | --- |")
    common = [c for c, n in Counter(row.cause for row in rows).items() if n >= FEWEST_ROWS]
    report("all", rows, found, common)
    report("CodeBuild", *chosen(rows, found, lambda row: row.family == "codebuild"), None)
    report("other CI", *chosen(rows, found, lambda row: row.family != "codebuild"), None)
    report("hard", *chosen(rows, found, lambda row: row.hard), None)
    report(
        "without one group's own wording", rows, without_support(rows, lambda row: row.group, True), common
    )
    report("rules of other groups only", rows, without_support(rows, lambda row: row.group), common)
    report("rules of other platforms only", rows, without_support(rows, lambda row: row.platform), common)
    report_controls(rows, found)
    print(reliability_table(rows, found))
    if "--misses" in sys.argv:
        print_misses(rows, found)


def chosen(
    rows: Sequence[Row], found: Sequence[Found], keep: Callable[[Row], bool]
) -> tuple[list[Row], list[Found]]:
    """The rows to keep, and what was found for them."""
    pairs = [(row, f) for row, f in zip(rows, found, strict=True) if keep(row)]
    return [row for row, _ in pairs], [f for _, f in pairs]


def report(name: str, rows: Sequence[Row], found: Sequence[Found], causes: list[str] | None) -> None:
    """One line of the table; macro-F1 over the causes that all rows hold five times, or these rows do."""
    want, got = [row.cause for row in rows], [f["cause"] for f in found]
    macro = f"{macro_f1(want, got, causes):.3f}"
    print(f"| {name} | {len(rows)} | {accuracy(want, got):.3f} | {macro} | {retry_line(rows, found)} |")


def without_support(rows: Sequence[Row], part_of: Callable[[Row], str], owned: bool = False) -> list[Found]:
    """What would be found had nobody read the row's own part; with ``owned`` what a tool's source says stays."""
    signatures = supported(rows, part_of, owned)
    return [diagnosed(row.text, signatures[part_of(row)]) for row in rows]


def report_controls(rows: Sequence[Row], found: Sequence[Found]) -> None:
    """Where there is nothing to find: causes not in the text, runs that passed, lasting failures; and the evidence."""
    unsaid = [f for row, f in zip(rows, found, strict=True) if row.cause == Cause.UNKNOWN]
    print(
        f"\ncause not in the text: {sum(f['cause'] == Cause.UNKNOWN for f in unsaid)} of {len(unsaid)} unknown"
    )
    fine = [diagnosed(text) for text in passed()]
    claims = sum(f["cause"] != Cause.UNKNOWN and f["confidence"] >= CONFIDENT for f in fine)
    print(f"confident claims about logs of runs that passed: {claims} of {len(fine)}")
    noise = [text.rsplit("\n", 12)[0] for text in passed()]
    lasting = [row.text for row in rows if row.transient is False]
    mixed = [diagnosed(f"{noise[n % len(noise)]}\n{text}") for n, text in enumerate(lasting)]
    taken = sum(f["transient"] is True for f in mixed)
    print(
        f"lasting failures that read as transient behind a passed log's complaints: {taken} of {len(lasting)}"
    )
    print(f"lines of evidence that stand in the log: {evidence_line([row.text for row in rows], found)}\n")


def print_misses(rows: Sequence[Row], found: Sequence[Found]) -> None:
    """Every row whose cause was missed."""
    for row, f in zip(rows, found, strict=True):
        if row.cause != f["cause"]:
            lines = "; ".join(line["text"] for line in f["evidence"][:2])
            print(f"{row.id}  want {row.cause}  got {f['cause']} {f['source']}  {lines[:160]}")


if __name__ == "__main__":
    main()
