"""Selfheal's own detector on a stream: its verdicts as ``selfheal score`` gives them, and its features for others."""

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

from selfheal.detect.detector import WINDOW, Detector
from selfheal.detect.features import FEATURES, MIN_SECONDS
from selfheal.detect.model import embedded_model
from selfheal.detect.shift import since_shift
from selfheal.detect.stream import StreamScorer, measurement
from selfheal.detect.window import FEWEST_VALUES, Window, vector
from selfheal.domain.measurement import Measurement
from tests.bench.streams.stream import RunDict

Verdict = dict[str, Any]


def scorer(budget: float = 5.0) -> StreamScorer:
    """What ``selfheal score`` feeds, with the model that the package carries."""
    return StreamScorer(Detector(embedded_model(), budget))


def verdicts(runs: Sequence[RunDict]) -> list[Verdict]:
    """What ``selfheal score`` says of each run, in order: its output lines as dictionaries."""
    stream = scorer()
    return [stream.score(run) for run in runs]


def own_vectors(runs: Sequence[RunDict]) -> list[tuple[float, ...]]:
    """The feature vector of each run against the runs of its pipeline before it; zeros while there are too few."""
    earlier: dict[str, deque[Measurement]] = defaultdict(lambda: deque(maxlen=WINDOW))
    vectors = []
    for run, pipeline in map(measurement, runs):
        past = earlier[pipeline]
        present = since_shift(list(past), MIN_SECONDS)
        young = len(present) < FEWEST_VALUES
        vectors.append(
            tuple([0.0] * len(FEATURES) if young else vector(Window(present, MIN_SECONDS).deviations(run)))
        )
        past.appendleft(run)
    return vectors
