"""The labelled logs, and what a diagnosis says of one."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfheal.diagnose.signatures import Signature
from selfheal.domain.diagnosis import Cause


@dataclass(frozen=True, slots=True)
class Row:
    """A failed run's log with its label. ``group`` holds near-duplicates together."""

    id: str
    text: str
    cause: str
    transient: bool | None
    platform: str
    family: str
    group: str
    hard: bool


def folder() -> Path:
    """Where the labelled logs are: SELFHEAL_DATA, or beside the project."""
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    return Path(os.environ.get("SELFHEAL_DATA", beside)) / "ci-logs"


def failed() -> list[Row]:
    """The rows that are scored: those labelled with low confidence are left out.

    The label is ``unknown`` where the text does not show the cause.
    """
    rows = [row for row in read("failed.jsonl") if row["confidence"] != "low"]
    return [
        Row(
            id=row["id"],
            text=row["text"],
            cause=row["cause"] if row["evidence_in_text"] else Cause.UNKNOWN.value,
            transient=row["transient"],
            platform=row["platform"],
            family=row["family"],
            group=row["group"],
            hard=row["hard"],
        )
        for row in rows
    ]


def passed() -> list[str]:
    """Logs of runs that passed, cut to their most alarming lines."""
    return [row["text"] for row in read("passed.jsonl")]


def diagnosed(text: str, signatures: Sequence[Signature] | None = None) -> dict[str, Any]:
    """What ``selfheal diagnose --jsonl`` prints for this text, with the bundled signatures or with others."""
    from cli.diagnose import as_document  # not to be had where the classifier is trained

    return as_document(text, signatures)


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder() / name).read_text("utf-8").splitlines()]
