"""Vectors: a run as a point of fixed dimension, on the log scale or as causal robust z, for the peers that need one.

What the values mean is the same for all peers: log seconds, log(1 + percent of failed tests), shares of skipped
tests and of the processors and the memory. A run that failed has no total, and phases only as far as they finished.
"""

import bisect
import math
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.bench.streams.stream import CPU, DURATION, MEMORY, PHASE, TEST_FAILURES, TESTS_SKIPPED, RunDict

PHASES = (
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
)
METRICS = (DURATION, *(PHASE + name for name in PHASES), TEST_FAILURES, TESTS_SKIPPED, CPU, MEMORY)
FLOORS = {TEST_FAILURES: 0.35, TESTS_SKIPPED: 0.05, CPU: 0.05, MEMORY: 0.04}
SECONDS_FLOOR = 0.08
FEWEST = 5
CLIP = 12.0

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One run as a vector in the order of METRICS; ``pipeline`` says whose it is."""

    pipeline: str
    values: Vector


def present(run: RunDict) -> dict[str, float]:
    """The metrics that the run has, each on the scale where normal is roughly symmetric."""
    seconds = {PHASE + name: value for name, value in run.get("phases", {}).items()}
    if run["status"] == "SUCCEEDED":
        seconds[DURATION] = run["duration_s"]
    found = {name: math.log(max(value, 0.01)) for name, value in seconds.items() if name in METRICS}
    tests = run.get("tests")
    if tests and tests["total"]:
        found[TEST_FAILURES] = math.log1p(100 * tests["failed"] / tests["total"])
        found[TESTS_SKIPPED] = tests["skipped"] / tests["total"]
    if "cpu_percent" in run:
        found[CPU] = run["cpu_percent"] / 100
    if "memory_percent" in run:
        found[MEMORY] = math.log(run["memory_percent"])
    return found


@dataclass(slots=True)
class Recent:
    """The last values of one metric of one pipeline, also kept in order so that a median costs nothing."""

    window: int
    by_age: deque[float] = field(default_factory=deque)
    by_size: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        """Remember the value, forget the oldest."""
        self.by_age.append(value)
        bisect.insort(self.by_size, value)
        if len(self.by_age) > self.window:
            del self.by_size[bisect.bisect_left(self.by_size, self.by_age.popleft())]

    def median(self) -> float:
        """The middle value, NaN while fewer than five are known."""
        return _middle(self.by_size) if len(self.by_size) >= FEWEST else math.nan

    def z(self, value: float, floor: float) -> float:
        """Robust deviations of ``value``, clipped; 0 while nothing can be said."""
        if len(self.by_size) < FEWEST:
            return 0.0
        median = _middle(self.by_size)
        spread = 1.4826 * _middle(sorted(abs(x - median) for x in self.by_size))
        return max(-CLIP, min(CLIP, (value - median) / max(spread, floor)))


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def z_points(runs: Sequence[RunDict], window: int = 120) -> list[Point]:
    """Causal robust z of every run: each against what its pipeline was before it; 0 where a metric is missing."""
    return [
        Point(
            run["pipeline"],
            tuple(
                past[name].z(metrics[name], FLOORS.get(name, SECONDS_FLOOR)) if name in metrics else 0.0
                for name in METRICS
            ),
        )
        for run, metrics, past in _with_past(runs, window)
    ]


def log_points(runs: Sequence[RunDict], window: int = 120) -> list[Point]:
    """The plain values of every run; where a metric is missing the pipeline's median of it stands in."""
    return [
        Point(run["pipeline"], tuple(_or_median(metrics.get(name), past[name]) for name in METRICS))
        for run, metrics, past in _with_past(runs, window)
    ]


def _or_median(value: float | None, past: Recent) -> float:
    stand_in = past.median() if value is None else value
    return 0.0 if math.isnan(stand_in) else stand_in


def _with_past(
    runs: Sequence[RunDict], window: int
) -> Iterator[tuple[RunDict, dict[str, float], dict[str, Recent]]]:
    """Each run with its metrics and its pipeline's past, which learns the run only afterwards."""
    pasts: dict[str, dict[str, Recent]] = defaultdict(lambda: defaultdict(lambda: Recent(window)))
    for run in runs:
        metrics, past = present(run), pasts[run["pipeline"]]
        yield run, metrics, past
        for name, value in metrics.items():
            past[name].add(value)
