"""Learner: trains the global model, and says how one does on recent runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfheal.detect.drift import Samples
from selfheal.detect.features import FEATURES
from selfheal.detect.model import GlobalModel
from selfheal.detect.training import Replay, collected, replay, train
from selfheal.domain.measurement import Measurement
from selfheal.domain.model import Figures

SCORE = "score"
TOP = 0.01


class Learner(Protocol):
    """What train_baselines needs from detection. Runs of a pipeline come in order of start."""

    @property
    def budget(self) -> float:
        """The false alarms per 1,000 runs that people put up with."""

    def sample(self, history: Iterable[Measurement]) -> list[Measurement]:
        """As many runs as fit into memory, however many there are: whole pipelines, the same ones every time."""

    def train(self, history: Sequence[Measurement], *, at: datetime) -> GlobalModel:
        """A model of these runs. Raises TooLittleHistory."""

    def replay(self, model: GlobalModel, recent: Sequence[Measurement]) -> Replay:
        """What a model does on these runs, as they are and with injected anomalies."""


@dataclass(frozen=True, slots=True)
class ForestLearner:
    """Learner with Random Cut Forests. ``budget``: the false alarms per 1,000 runs that people put up with;
    ``min_seconds``: a difference in a duration that nobody minds."""

    budget: float
    min_seconds: float

    def sample(self, history: Iterable[Measurement]) -> list[Measurement]:
        """Learner. At most 200 pipelines with their last 512 runs; pipeline by pipeline."""
        return [run for runs in collected(history) for run in runs]

    def train(self, history: Sequence[Measurement], *, at: datetime) -> GlobalModel:
        """Learner."""
        return train(history, at=at, min_seconds=self.min_seconds)

    def replay(self, model: GlobalModel, recent: Sequence[Measurement]) -> Replay:
        """Learner."""
        return replay(model, recent, budget=self.budget, min_seconds=self.min_seconds)


def figures_of(done: Replay) -> Figures:
    """A replay's figures, as they are recorded."""
    return Figures(done.runs, done.alarms_per_1000, done.caught, _ranked(done))


def _ranked(done: Replay) -> float:
    """The share of the injected anomalies that score higher than 99 % of the runs as they were."""
    if not done.scores:
        return 0.0
    high = sorted(done.scores, reverse=True)[int(TOP * len(done.scores))]
    return sum(score > high for score in done.odd_scores) / max(len(done.odd_scores), 1)


def samples_of(done: Replay) -> Samples:
    """What the model saw of each run, feature by feature, and its scores: what drift is looked for in."""
    columns = zip(*done.vectors, strict=True)
    return {**dict(zip(FEATURES, map(list, columns), strict=False)), SCORE: done.scores}
