"""What of a measurement is compared: metrics by name, on the scale where normal is symmetric."""

import math

from selfheal.domain.measurement import Measurement

DURATION = "duration"
PHASE = "phase:"
SHORTEST_SECONDS = 0.01


def seconds(measurement: Measurement) -> dict[str, float]:
    """The comparable durations of a run in seconds: the whole and each phase that finished well.

    A run that failed was cut short, so its total says nothing; numbers that are not finite are left out.
    """
    named = {PHASE + name: value for name, value in measurement.phases.items()}
    if not measurement.status.failed:
        named[DURATION] = measurement.duration_seconds
    return {name: value for name, value in named.items() if math.isfinite(value) and value >= 0}


def log_seconds(value: float) -> float:
    """Seconds on the log scale; anything shorter than a hundredth of a second counts as that."""
    return math.log(max(value, SHORTEST_SECONDS))
