"""Contest: one stream, many detectors, each judged on the same runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.bench.measures import average_precision, recall_at, recall_at_budget
from tests.bench.streams.stream import WARM_UP, Label, Stream

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """How well the scores of one detector order the judged runs; all between 0 and 1.

    ``equal_alarms``: recall when as many alarms are raised as there are odd runs. ``at_five``: recall at five false
    alarms per 1,000 normal runs, with the threshold known in hindsight.
    """

    area: float
    equal_alarms: float
    at_five: float


@dataclass(frozen=True, slots=True)
class Contest:
    """The judged runs of a stream: their places in it, and whether each is odd."""

    stream: Stream
    places: list[int]
    odd: list[bool]

    @classmethod
    def on(cls, stream: Stream, warm_up: int = WARM_UP) -> "Contest":
        """The contest on the runs that are judged after ``warm_up`` runs of each pipeline."""
        judged = set(stream.judged(warm_up))
        places = [place for place, run in enumerate(stream.runs) if run["run_id"] in judged]
        return cls(stream, places, [stream.runs[place]["run_id"] in stream.labels for place in places])

    def of(self, each: Sequence[T]) -> list[T]:
        """What belongs to the judged runs, of something that every run of the stream has."""
        return [each[place] for place in self.places]

    def label(self, place: int) -> Label:
        """The label of an odd run."""
        return self.stream.labels[self.stream.runs[place]["run_id"]]

    def standing(self, scores: Sequence[float]) -> Standing:
        """How a detector did, by its scores of every run of the stream."""
        judged = self.of(scores)
        return Standing(
            average_precision(judged, self.odd),
            recall_at(sum(self.odd), judged, self.odd),
            recall_at_budget(5, judged, self.odd),
        )

    def recall_by_kind(self, alarmed: Sequence[bool]) -> dict[str, tuple[int, int]]:
        """Of each kind of anomaly: how many runs had an alarm, of how many."""
        found: dict[str, tuple[int, int]] = {}
        for place, is_odd in zip(self.places, self.odd, strict=True):
            if is_odd:
                kind = self.label(place).kind
                caught, of = found.get(kind, (0, 0))
                found[kind] = caught + alarmed[place], of + 1
        return dict(sorted(found.items()))
