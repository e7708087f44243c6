"""Figures of a diagnosis: per cause, of the retry decision, of confidence."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from selfheal.domain.diagnosis import Cause
from tests.bench.diagnosis.rows import Row

Found = dict[str, Any]
FEWEST_ROWS = 5
CONFIDENCES = (0.0, 0.5, 0.7, 0.8, 0.9, 1.01)
RETRIES = frozenset(
    {
        "retry_build",
        "retry_build_clean",
        "retry_build_bigger",
        "retry_build_longer",
        "retry_stage",
        "wait_and_retry",
    }
)


def f1(want: Sequence[str], got: Sequence[str], cause: str) -> float:
    """F1 of one cause; 0 when nothing of it was found."""
    right = sum(w == g == cause for w, g in zip(want, got, strict=True))
    named = sum(w == cause for w in want) + sum(g == cause for g in got)
    return 2 * right / named if named else 0.0


def macro_f1(want: Sequence[str], got: Sequence[str], causes: Iterable[str] | None = None) -> float:
    """Mean F1 over ``causes``, which are those with at least five rows unless others are given."""
    rows = Counter(want)
    chosen = [c for c in rows if rows[c] >= FEWEST_ROWS] if causes is None else list(causes)
    return sum(f1(want, got, cause) for cause in chosen) / len(chosen) if chosen else float("nan")


def accuracy(want: Sequence[str], got: Sequence[str]) -> float:
    """Share of rows that are right."""
    return sum(w == g for w, g in zip(want, got, strict=True)) / len(want) if want else float("nan")


def cause_table(want: Sequence[str], got: Sequence[str]) -> str:
    """Precision, recall, F1 and rows of every cause that occurs, as a Markdown table."""
    lines = ["| cause | precision | recall | F1 | rows |", "| --- | --- | --- | --- | --- |"]
    for cause in Cause:
        rows, named = want.count(cause), got.count(cause)
        right = sum(w == g == cause for w, g in zip(want, got, strict=True))
        if rows:
            shares = f"{right / named if named else 0:.2f} | {right / rows:.2f}"
            lines.append(f"| {cause} | {shares} | {f1(want, got, cause):.2f} | {rows} |")
    return "\n".join(lines)


def retry_line(rows: Sequence[Row], found: Sequence[Found]) -> str:
    """How well "try it again" is decided, on the rows of which it is known whether another attempt can pass."""
    known = [(row.transient, f["remedy"] in RETRIES) for row, f in zip(rows, found, strict=True)]
    known = [(want, got) for want, got in known if want is not None]
    right = sum(bool(want and got) for want, got in known)
    said, wanted = sum(got for _, got in known), sum(bool(want) for want, _ in known)
    precision = f"{right / said:.2f}" if said else "-"
    return f"precision {precision} ({right} of {said}), recall {right / max(wanted, 1):.2f} ({right} of {wanted})"


def reliability_table(rows: Sequence[Row], found: Sequence[Found]) -> str:
    """How often a diagnosis of so much confidence names the right cause, as a Markdown table."""
    lines = ["| confidence | rows | mean confidence | right |", "| --- | --- | --- | --- |"]
    for low, high in pairwise(CONFIDENCES):
        inside = [(r, f) for r, f in zip(rows, found, strict=True) if low <= f["confidence"] < high]
        if inside:
            mean = sum(f["confidence"] for _, f in inside) / len(inside)
            right = sum(r.cause == f["cause"] for r, f in inside) / len(inside)
            lines.append(f"| {low:.1f} to {min(high, 1.0):.1f} | {len(inside)} | {mean:.2f} | {right:.2f} |")
    return "\n".join(lines)


def evidence_line(texts: Sequence[str], found: Sequence[Found]) -> str:
    """How many lines of evidence stand in the log where they are said to stand."""
    total = good = 0
    for text, each in zip(texts, found, strict=True):
        lines = text.split("\n")
        total += len(each["evidence"])
        good += sum(line["text"] in lines[line["line"] - 1] for line in each["evidence"])
    return f"{good} of {total}"
