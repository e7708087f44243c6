"""Measurement: the numbers of one finished run."""

from dataclasses import dataclass, field
from datetime import datetime

from selfheal.domain.run import PipelineKey, RunStatus


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
    ``covered_by`` names the run that failed inside this one and has an incident of its own.
    ``missing`` names the metrics that should be there and are not (yet).
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
    source_version: str = ""
    initiator: str = ""
    compute_type: str = ""
    covered_by: str = ""
    missing: tuple[str, ...] = ()
