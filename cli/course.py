"""Course: a pipeline's runs in order, each with what was usual when it came."""

from collections.abc import Sequence
from dataclasses import dataclass

from selfheal.detect.confirmed import without_confirmed
from selfheal.detect.detector import WINDOW, Detector
from selfheal.detect.features import DURATION
from selfheal.detect.shift import since_shift
from selfheal.detect.window import Usual, Window
from selfheal.domain.measurement import Measurement
from selfheal.ports import StoredRun


@dataclass(frozen=True, slots=True)
class Stop:
    """One run of the course; ``usual`` is None as long as there were fewer than five good runs before it."""

    run: StoredRun
    usual: Usual | None


def course(runs: Sequence[StoredRun], last: int, min_seconds: float) -> list[Stop]:
    """The last so many of ``runs`` (oldest first), each compared with up to 256 before it, as its score was."""
    first = max(0, len(runs) - last)
    return [
        Stop(runs[index], _usual(runs[max(0, index - WINDOW) : index], min_seconds))
        for index in range(first, len(runs))
    ]


def scored(runs: Sequence[Measurement], last: int, detector: Detector) -> list[StoredRun]:
    """All ``runs`` (oldest first), the last so many of them with their scores."""
    first = max(0, len(runs) - last)
    found = [StoredRun(run, announced=True) for run in runs[:first]]
    for index in range(first, len(runs)):
        earlier = runs[max(0, index - WINDOW) : index][::-1]
        found.append(StoredRun(runs[index], announced=True, score=detector.score(runs[index], earlier)))
    return found


def _usual(earlier: Sequence[StoredRun], min_seconds: float) -> Usual | None:
    present = since_shift(without_confirmed(earlier[::-1]), min_seconds)
    return Window(present, min_seconds).usual(DURATION)
