"""Detector: scores one run against its pipeline's own normal. Pure: the same run, window and model, the same score."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from selfheal.detect.alarm import blamed, level_of
from selfheal.detect.features import DURATION, MIN_SECONDS
from selfheal.detect.hosted import Hosted
from selfheal.detect.model import GlobalModel
from selfheal.detect.normal import ENDPOINT, FEWEST_RUNS, FOREST, MAGNITUDE, Normal, Oddness
from selfheal.detect.reference import Reference
from selfheal.detect.shift import last_shift, since_shift
from selfheal.domain.errors import ForestUnavailable
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus
from selfheal.domain.score import Level, Score

WINDOW = 256
BUDGET = 5.0


@dataclass(frozen=True, slots=True)
class Detector:
    """Compares runs with their windows.

    ``budget``: the false alarms per 1,000 runs that people put up with. ``min_seconds`` (above 0): a difference in a
    duration that nobody minds; it also says where the scale of durations turns from linear to logarithmic.
    ``hosted`` is asked first; while it does not answer, ``model`` serves.
    """

    model: GlobalModel
    budget: float = BUDGET
    min_seconds: float = MIN_SECONDS
    hosted: Hosted | None = None

    def score(self, run: Measurement, earlier: Sequence[Measurement]) -> Score:
        """How odd ``run`` is. ``earlier``: up to 256 earlier runs of its pipeline, newest first, without ``run``."""
        present = since_shift(earlier, self.min_seconds)
        if len(present) < FEWEST_RUNS:
            return Score(0.0, ready=False, level=Level.NONE, model=self.model.version)
        found, value, reference, version = self._judged(Normal(present, self.model, self.min_seconds), run)
        p_value = reference.p_value(value)
        shift = run.status is RunStatus.SUCCEEDED and last_shift([run, *earlier], self.min_seconds) == 0
        blame = blamed(found.deviations, self.min_seconds, first=DURATION if shift else "")
        level = level_of(p_value, self.budget, bool(blame), shift)
        return Score(value, True, level, blame, found.detector, p_value, shift, version)

    def _judged(self, normal: Normal, run: Measurement) -> tuple[Oddness, float, Reference, str]:
        """The run in numbers, its score, what such a score means, and the version that says so."""
        if self.hosted is not None:
            try:
                found = normal.oddness(run, self.hosted.shared)
            except ForestUnavailable:
                pass  # whoever is asked has told why
            else:
                if found.detector == FOREST:
                    model = self.hosted.model
                    return replace(found, detector=ENDPOINT), found.raw, model.scores, model.version
        found = normal.oddness(run)
        value = found.raw
        if found.detector == MAGNITUDE:
            # As the forest would have put it: the score that is as rare as this magnitude.
            value = self.model.scores.score_at(self.model.magnitudes.p_value(found.raw))
        return found, value, self.model.scores, self.model.version
