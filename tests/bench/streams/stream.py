"""Stream: runs in the order in which they started, and what is known of them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

RunDict = dict[str, Any]
"""One run in the shape ``selfheal score --runs`` reads: ``pipeline``, ``run_id``, ``started_at`` (ISO 8601, UTC),
``status``, ``duration_s``, and where known ``phases`` {name: seconds} of the phases that finished well,
``tests`` {total, failed, skipped}, ``cpu_percent`` and ``memory_percent``."""

# Metrics by the names that the detector blames them by.
DURATION = "duration"
PHASE = "phase:"
TEST_FAILURES = "tests_failed_percent"
TESTS_SKIPPED = "tests_skipped_percent"
CPU = "cpu_percent"
MEMORY = "memory_percent"

WARM_UP = 80
STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True)
class Label:
    """What was done to a run. ``metrics``: each is a right answer to what is odd, the first the one meant."""

    kind: str
    metrics: tuple[str, ...]

    @property
    def single(self) -> bool:
        """Whether one metric alone is the right answer."""
        return len(self.metrics) == 1


@dataclass(frozen=True, slots=True)
class Stream:
    """``runs`` in global time order; ``labels`` of the anomalous ones by run id.

    ``shifts``: run ids from which on a pipeline has a new level for good. ``unjudged``: runs of which nobody can
    say whether an alarm would be right, such as those shortly after a shift.
    """

    runs: list[RunDict]
    labels: dict[str, Label] = field(default_factory=dict)
    shifts: dict[str, Label] = field(default_factory=dict)
    unjudged: frozenset[str] = frozenset()

    def judged(self, warm_up: int = WARM_UP) -> list[str]:
        """Ids of the runs that detectors are scored on, in order.

        Left out are the first ``warm_up`` runs of each pipeline, those that a person stopped, and the unjudged.
        """
        seen: Counter[str] = Counter()
        chosen = []
        for run in self.runs:
            young = seen[run["pipeline"]] < warm_up
            seen[run["pipeline"]] += 1
            if not young and run["status"] != STOPPED and run["run_id"] not in self.unjudged:
                chosen.append(run["run_id"])
        return chosen


def by_pipeline(runs: list[RunDict]) -> dict[str, list[RunDict]]:
    """The same runs, in the same order, of each pipeline."""
    found: dict[str, list[RunDict]] = {}
    for run in runs:
        found.setdefault(run["pipeline"], []).append(run)
    return found


def in_time_order(runs: list[RunDict]) -> list[RunDict]:
    """Runs of all pipelines by start; those of one second by id, so that the order never depends on the input's."""
    return sorted(runs, key=lambda run: (run["started_at"], run["run_id"]))
