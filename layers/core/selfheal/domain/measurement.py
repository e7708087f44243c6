"""Measurement: the numbers of one finished run."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from selfheal.domain.run import PipelineKey, RunStatus

# No run takes so many seconds or holds so many bytes; what is computed of numbers up to here stays finite.
LARGEST = 1e15


@dataclass(frozen=True, slots=True)
class TestTotals:
    """What the test reports of a run add up to."""

    total: int
    failed: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """Seconds, counts and percents of one finished run; None where the service gave nothing.

    ``phases`` holds only phases that finished well: one cut short by a failure says nothing about normal.
    ``storage_read_rate`` and ``storage_write_rate`` are the averages over the run in bytes per second.
    ``log_bytes`` is what the log holds, counted up to a limit. ``cache`` is the kind the build was given.
    ``covered_by`` names the run that failed inside this one and has an incident of its own.
    ``rolls_back``: its service made it to go back to an earlier version.
    ``missing`` names the metrics that should be there and are not (yet).
    A field added later needs a default: older records lack it.
    """

    run_id: str
    pipeline: PipelineKey
    status: RunStatus
    started_at: datetime
    duration_seconds: float
    phases: dict[str, float] = field(default_factory=dict)
    queued_seconds: float | None = None
    tests: TestTotals | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None
    storage_read_rate: float | None = None
    storage_write_rate: float | None = None
    log_bytes: int | None = None
    cache: str = ""
    source_version: str = ""
    initiator: str = ""
    compute_type: str = ""
    covered_by: str = ""
    rolls_back: bool = False
    missing: tuple[str, ...] = ()

    @property
    def ended_at(self) -> datetime:
        """When the run was over."""
        return self.started_at + timedelta(seconds=self.duration_seconds)


def flaws(measurement: Measurement) -> tuple[str, ...]:
    """Why a measurement cannot be believed, number by number; empty when it can.

    Zero is a duration like any other: what is skipped or stopped at once takes no time.
    """
    found = [
        f"{name} is {value!r}, which is {_flaw(value)}"
        for name, value in numbers(measurement).items()
        if _flaw(value)
    ]
    if measurement.started_at.tzinfo is None:
        found.append("started_at has no time zone")
    return tuple(found)


def numbers(measurement: Measurement) -> dict[str, float]:
    """Every number there is of a run, by name; phases as ``phase:<name>``, test totals as ``tests:<name>``."""
    tests = measurement.tests
    named: dict[str, float | None] = {
        "duration_seconds": measurement.duration_seconds,
        "queued_seconds": measurement.queued_seconds,
        "cpu_percent": measurement.cpu_percent,
        "memory_percent": measurement.memory_percent,
        "storage_read_rate": measurement.storage_read_rate,
        "storage_write_rate": measurement.storage_write_rate,
        "log_bytes": measurement.log_bytes,
        "tests:total": tests.total if tests else None,
        "tests:failed": tests.failed if tests else None,
        "tests:skipped": tests.skipped if tests else None,
        **{f"phase:{name}": seconds for name, seconds in measurement.phases.items()},
    }
    return {name: value for name, value in named.items() if value is not None}


def most_complete(measurements: Iterable[Measurement]) -> dict[str, Measurement]:
    """One measurement of each run, by its id: the one that lacks least, the earlier one of equals."""
    best: dict[str, Measurement] = {}
    for measurement in measurements:
        held = best.get(measurement.run_id)
        if held is None or len(measurement.missing) < len(held.missing):
            best[measurement.run_id] = measurement
    return best


def completed(measurement: Measurement, late: Mapping[str, float | None]) -> Measurement:
    """The measurement with those of its missing metrics that are there by now. Nothing else of it changes."""
    found: dict[str, Any] = {name: late[name] for name in measurement.missing if late.get(name) is not None}
    return replace(measurement, **found, missing=tuple(n for n in measurement.missing if n not in found))


def _flaw(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "not finite"
    if value > LARGEST:
        return f"more than {LARGEST:g}"
    return "negative" if value < 0 else ""
