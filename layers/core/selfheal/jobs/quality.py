"""Quality of the training data: what was read, what was left out and why; and when it is too little to train on."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from selfheal.detect.features import values
from selfheal.domain.measurement import Measurement
from selfheal.jobs.errors import LakeRefused

FEWEST_PIPELINES = 2
FEWEST_DAYS = 3
MOST_BROKEN = 0.1
PART = 0.15  # of the runs are calibrated with, and as many evaluated on
MOST_CALIBRATED = 0.35
SPARE = 1.1  # days are whole, and not every run has enough history before it
DUPLICATE = "measured more than once"
TOO_EARLY = "started before the days that are trained on"
IN_THE_FUTURE = "started after the training did: a clock is wrong"
SOUND = (DUPLICATE, TOO_EARLY)


@dataclass(slots=True)
class Range:
    """The values of one metric, in its own unit."""

    count: int = 0
    least: float = math.inf
    most: float = -math.inf
    total: float = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.count += 1
        self.least, self.most = min(self.least, value), max(self.most, value)
        self.total += value

    def merge(self, other: "Range") -> None:
        """The values of another one as well."""
        self.count += other.count
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        self.total += other.total


@dataclass(slots=True)
class Quality:
    """What was read of the lake. ``pipelines`` and ``days`` count runs; ``skipped`` counts by reason."""

    pipelines: Counter[str] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    ranges: dict[str, Range] = field(default_factory=dict)

    def add(self, run: Measurement, day: date) -> None:
        """One more run that is trained on."""
        self.pipelines[str(run.pipeline)] += 1
        self.days[day] += 1
        for metric, value in values(run).items():
            self.ranges.setdefault(metric.partition(":")[0], Range()).add(value)

    def merge(self, other: "Quality") -> None:
        """What another reader read as well."""
        self.pipelines += other.pipelines
        self.days += other.days
        self.skipped += other.skipped
        for metric, found in other.ranges.items():
            self.ranges.setdefault(metric, Range()).merge(found)

    @property
    def runs(self) -> int:
        """The runs that are trained, calibrated or evaluated on."""
        return self.days.total()

    def document(self) -> dict[str, Any]:
        """The report as JSON. ``missing_share``: runs without that metric; a run can have several phases."""
        return {
            "runs": self.runs,
            "pipelines": len(self.pipelines),
            "first_day": min(self.days).isoformat() if self.days else None,
            "last_day": max(self.days).isoformat() if self.days else None,
            "skipped": dict(self.skipped),
            "missing_share": {
                metric: round(max(0.0, 1 - found.count / self.runs), 4) for metric, found in self._sorted()
            },
            "ranges": {
                metric: {"least": found.least, "mean": found.total / found.count, "most": found.most}
                for metric, found in self._sorted()
            },
        }

    def _sorted(self) -> Iterator[tuple[str, Range]]:
        return iter(sorted(self.ranges.items()))

    def require(self) -> None:
        """Raises LakeRefused, with the numbers, for what no model should be trained on."""
        broken = sum(self.broken().values())
        if not self.runs:
            raise LakeRefused(f"the lake holds no run of these days ({broken} lines or objects were skipped)")
        if broken > MOST_BROKEN * (self.runs + broken):
            raise LakeRefused(
                f"{broken} lines or objects were skipped beside {self.runs} runs: more than "
                f"{MOST_BROKEN:.0%} is broken. The report counts them by reason"
            )
        if len(self.pipelines) < FEWEST_PIPELINES:
            raise LakeRefused(
                f"all {self.runs} runs are of one pipeline; a shared model takes {FEWEST_PIPELINES}"
            )
        if len(self.days) < FEWEST_DAYS:
            raise LakeRefused(
                f"the runs are of {len(self.days)} days; it takes {FEWEST_DAYS} to keep training, "
                "calibration and evaluation apart"
            )

    def broken(self) -> dict[str, int]:
        """What was skipped because it is damaged; not what is sound and merely not needed."""
        return {reason: count for reason, count in self.skipped.items() if reason not in SOUND}


def split(days: Mapping[date, int], calibrate: int) -> tuple[date, date]:
    """The first day of calibration and the first of evaluation: the last 15 % of the runs are evaluated on, the 15 %
    before them calibrated with, as far as whole days allow. Where there are few, more are calibrated with, up to 35 %,
    so that there are ``calibrate`` of them. ``days`` counts the runs of at least three days."""
    ordered = sorted(days)
    before = list(accumulate((days[day] for day in ordered), initial=0))
    total = before[-1]
    wanted = min(max(PART * total, SPARE * calibrate), MOST_CALIBRATED * total)
    second = next((n for n in range(2, len(ordered)) if before[n] >= (1 - PART) * total), len(ordered) - 1)
    first = next((n for n in range(second - 1, 0, -1) if before[second] - before[n] >= wanted), 1)
    return ordered[first], ordered[second]


def days_between(first: date, last: date) -> Iterator[date]:
    """Both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
