"""Features: what of a run is compared, on which scale, and the vector of fixed length that forests see."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from selfheal.domain.measurement import Measurement, numbers
from selfheal.domain.run import RunStatus

DURATION = "duration"
DURATION_FAILED = "duration_failed"
PHASE = "phase:"
TESTS_FAILED = "tests_failed_percent"
TESTS_SKIPPED = "tests_skipped_percent"
TESTS_TOTAL = "tests_total"
CPU = "cpu_percent"
MEMORY = "memory_percent"

# Two numbers for the duration, then the two oddest phases whatever their names: so pipelines with different phases
# share one feature space, and one global forest (or SageMaker endpoint) serves them all.
FEATURES = (
    "duration",
    "duration_z",
    "phase",
    "phase_second",
    TESTS_FAILED,
    TESTS_SKIPPED,
    TESTS_TOTAL,
    CPU,
    MEMORY,
)
FEATURES_VERSION = "1"

MIN_SECONDS = 10.0
LEAST_SHARE = 0.2


def values(run: Measurement) -> dict[str, float]:
    """The comparable numbers of a run in the user's units (seconds, percent, tests); not finite ones are left out.

    A run that failed was cut short, so its duration is a metric of its own, compared with failed runs only. The
    duration of a run that somebody stopped, or that a newer one took the place of, says nothing.
    """
    known = {name: value for name, value in numbers(run).items() if math.isfinite(value) and value >= 0}
    found = {name: value for name, value in known.items() if name.startswith(PHASE)}
    found |= {name: known[name] for name in (CPU, MEMORY) if name in known}
    if "duration_seconds" in known and (run.status.failed or run.status is RunStatus.SUCCEEDED):
        found[DURATION_FAILED if run.status.failed else DURATION] = known["duration_seconds"]
    if total := known.get("tests:total"):
        found[TESTS_TOTAL] = total
        counts = {TESTS_FAILED: known.get("tests:failed"), TESTS_SKIPPED: known.get("tests:skipped")}
        found |= {name: 100 * count / total for name, count in counts.items() if count is not None}
    return found


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value lies on a scale on which ordinary noise is about as wide everywhere, and never wider than 1.

    ``position`` = log(value + offset) / unit, or value / unit for ``linear``. The offset keeps quiet about a second
    more in a phase of two; ``unit`` is the least spread that is ever assumed. ``up`` and ``down`` weigh deviations.
    """

    unit: float
    offset: float = 0.0
    linear: bool = False
    up: float = 1.0
    down: float = 1.0

    def position(self, value: float) -> float:
        """See the class; any finite value of at least 0 gives a finite position."""
        return (value if self.linear else math.log(value + self.offset)) / self.unit

    def value(self, position: float) -> float:
        """Inverse of ``position``."""
        return position * self.unit if self.linear else math.exp(position * self.unit) - self.offset

    def weighed(self, deviation: float) -> float:
        """A deviation with the weight of its direction."""
        return deviation * (self.up if deviation > 0 else self.down)


_SCALES: Mapping[str, Scale] = {
    TESTS_FAILED: Scale(unit=0.2, offset=1.0, down=0.5),
    TESTS_SKIPPED: Scale(unit=0.2, offset=1.0),
    # More tests are good news.
    TESTS_TOTAL: Scale(unit=0.15, offset=1.0, up=0.5),
    CPU: Scale(unit=5.0, linear=True),
    MEMORY: Scale(unit=0.04, offset=1.0),
}


def scale_of(metric: str, typical_seconds: float, min_seconds: float) -> Scale:
    """The scale of a metric, in a pipeline whose good runs typically take ``typical_seconds``.

    ``min_seconds``: a difference in a duration that nobody minds. A phase matters by what it adds to the whole, and a
    phase that was quick is seldom trouble. When a run fails says less than how long a good one takes.
    """
    if metric.startswith(PHASE):
        return Scale(unit=0.08, offset=min_seconds + LEAST_SHARE * typical_seconds, down=0.5)
    if metric == DURATION_FAILED:
        return Scale(unit=0.08, offset=min_seconds, up=0.7, down=0.7)
    return Scale(unit=0.08, offset=min_seconds) if metric == DURATION else _SCALES[metric]
