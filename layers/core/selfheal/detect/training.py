"""Training: the global model, learned from the lake; and the replay by which a challenger is held against the champion.

Both look at whole pipelines, at no more of them than fit into memory. Which ones is decided by a hash of their key, so
two trainings over the same lake look at the same pipelines.
"""

import hashlib
import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from selfheal.detect.alarm import blamed, level_of
from selfheal.detect.detector import WINDOW
from selfheal.detect.features import FEATURES, MIN_SECONDS
from selfheal.detect.forest import LIBRARY, grow, stored
from selfheal.detect.model import GlobalModel
from selfheal.detect.normal import FEWEST_RUNS, MAGNITUDE, Normal, Oddness
from selfheal.detect.reference import FEWEST_SCORES, SHARES, Reference, reference_of
from selfheal.detect.shift import since_shift
from selfheal.detect.trial import made_odd
from selfheal.detect.window import Window, magnitude
from selfheal.domain.errors import TooLittleHistory
from selfheal.domain.measurement import Measurement, flaws
from selfheal.domain.score import Level

MOST_PIPELINES = 200
MOST_RUNS = 2 * WINDOW
MOST_SCORED = 6000
MOST_POINTS = 20000
WARM_UP = 30
SEED = 1
_NO_REFERENCE = Reference(SHARES, tuple(range(1, len(SHARES) + 1)))

History = Sequence[Measurement]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a model did on recent runs: ``alarms_per_1000`` on the runs as they were, ``caught`` of those made odd.

    ``vectors`` (in the order of FEATURES) and ``scores`` are those of the runs as they were, for drift; ``odd_scores``
    are those of the runs made odd.
    """

    runs: int
    alarms_per_1000: float
    caught: float
    vectors: Sequence[Sequence[float]]
    scores: Sequence[float]
    odd_scores: Sequence[float] = ()


def train(
    measurements: Iterable[Measurement], *, at: datetime, min_seconds: float = MIN_SECONDS
) -> GlobalModel:
    """A model of runs in order of their start, streamed: at most 200 pipelines with 512 runs each are held.

    Runs that cannot be believed are left out. Raises TooLittleHistory below 500 scored runs.
    """
    histories = collected(measurements)
    newest = [Window(history[-1 : -WINDOW - 1 : -1], min_seconds) for history in histories]
    points = [point for window in newest for point in window.vectors(WINDOW)]
    forest = stored(grow(points[:: 1 + len(points) // MOST_POINTS], len(FEATURES), SEED, compact=True))
    version = f"{at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(forest).hexdigest()[:8]}"
    runs = sum(map(len, histories))
    draft = GlobalModel(version, at, runs, len(histories), _NO_REFERENCE, _NO_REFERENCE, forest, LIBRARY)
    found = [odd for _, odd, _ in scored(histories, draft, min_seconds, _share(histories))]
    if len(found) < FEWEST_SCORES:
        raise TooLittleHistory(
            f"{len(found)} runs have {WARM_UP} runs of their pipeline before them; it takes {FEWEST_SCORES}"
        )
    return measured(draft, found)


def measured(model: GlobalModel, ordinary: Sequence[Oddness]) -> GlobalModel:
    """``model`` with the references that at least 500 ordinary runs, as it sees them, give it."""
    scores = reference_of([odd.raw for odd in ordinary])
    return replace(
        model, scores=scores, magnitudes=reference_of([magnitude(odd.features) for odd in ordinary])
    )


def replay(
    model: GlobalModel,
    measurements: Iterable[Measurement],
    *,
    budget: float,
    min_seconds: float = MIN_SECONDS,
) -> Replay:
    """What ``model`` does on recent runs, in order of their start, at that budget of false alarms per 1,000 runs."""
    rng = random.Random(SEED)  # noqa: S311 - the same trial for champion and challenger, not a secret
    vectors: list[Sequence[float]] = []
    scores: list[float] = []
    odd_scores: list[float] = []
    alarms = caught = 0
    histories = collected(measurements)
    for run, odd, normal in scored(histories, model, min_seconds, _share(histories)):
        vectors.append(odd.features)
        scores.append(odd.raw)
        alarms += _alarms(odd, model, budget, min_seconds)
        made = normal.oddness(made_odd(run, rng))
        odd_scores.append(made.raw)
        caught += _alarms(made, model, budget, min_seconds)
    seen = max(len(scores), 1)
    return Replay(len(scores), 1000 * alarms / seen, caught / seen, vectors, scores, odd_scores)


def collected(measurements: Iterable[Measurement], most_runs: int = MOST_RUNS) -> list[History]:
    """The last ``most_runs`` believable runs of each of at most 200 pipelines, oldest first: memory is bounded."""
    held: dict[str, deque[Measurement]] = {}
    bound = "g"  # above every hexadecimal hash
    for run in measurements:
        place = hashlib.sha256(str(run.pipeline).encode()).hexdigest()
        if place >= bound or flaws(run):
            continue
        held.setdefault(place, deque(maxlen=most_runs)).append(run)
        if len(held) > MOST_PIPELINES:
            bound = max(held)
            del held[bound]
    return [list(held[place]) for place in sorted(held) if len(held[place]) > FEWEST_RUNS]


def _share(histories: Sequence[History]) -> int:
    """How many runs of each pipeline are scored, so that it is no more than 6,000 in all."""
    return MOST_SCORED // max(len(histories), 1)


def scored(
    histories: Sequence[History], model: GlobalModel, min_seconds: float, most: int
) -> Iterator[tuple[Measurement, Oddness, Normal]]:
    """The newest ``most`` runs of every pipeline as ``model`` sees them."""
    for history in histories:
        first = max(WARM_UP, len(history) - most)
        for place in range(first, len(history)):
            before = history[max(0, place - WINDOW) : place][::-1]
            normal = Normal(since_shift(before, min_seconds), model, min_seconds)
            yield history[place], normal.oddness(history[place]), normal


def _alarms(odd: Oddness, model: GlobalModel, budget: float, min_seconds: float) -> bool:
    reference = model.magnitudes if odd.detector == MAGNITUDE else model.scores
    notable = bool(blamed(odd.deviations, min_seconds))
    return level_of(reference.p_value(odd.raw), budget, notable, shift=False) is not Level.NONE
