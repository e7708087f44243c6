"""Evaluation: runs reduced to what it takes to judge any shared forest, wherever that forest is asked.

One row is one run, as it was or made odd. What a pipeline's own forest says of it is in the row, so that all that is
missing for a score is what the shared forest says of its vector: an endpoint, a batch job or a forest at hand.
"""

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from selfheal.detect.alarm import fewest_to_calibrate, level_of
from selfheal.detect.drift import reference_of as spread
from selfheal.detect.features import FEATURES
from selfheal.detect.learner import SCORE
from selfheal.detect.normal import Oddness, blended
from selfheal.detect.reference import Reference, reference_of
from selfheal.detect.window import magnitude
from selfheal.domain.errors import InvalidEvent, TooLittleHistory
from selfheal.domain.model import Bins, Figures
from selfheal.domain.score import Level

CALIBRATION = "calibration"
EVALUATION = "evaluation"
TOP = 0.01


@dataclass(frozen=True, slots=True)
class Row:
    """``part``: calibration or evaluation; ``odd``: an anomaly was injected; ``vector`` in the order of FEATURES;
    ``own`` and ``weight``: what the pipeline's own forest says, and what that counts; ``notable``: there is a metric
    to blame; ``plain``: the largest robust z of the run, which is what a median and a MAD alone would say."""

    part: str
    odd: bool
    vector: tuple[float, ...]
    own: float
    weight: float
    notable: bool
    plain: float


def row_of(part: str, odd: bool, found: Oddness, own: float, weight: float, notable: bool) -> Row:
    """The row of a run that was compared with its window."""
    plain = max((abs(deviation.z) for deviation in found.deviations.values()), default=0.0)
    return Row(part, odd, tuple(found.features), own, weight, notable, plain)


def line_of_row(row: Row) -> str:
    """A row as a line of JSON."""
    return json.dumps(asdict(row), separators=(",", ":"), allow_nan=False) + "\n"


def row_of_line(line: str) -> Row:
    """Inverse of ``line_of_row``. Raises InvalidEvent."""
    try:
        found: dict[str, Any] = json.loads(line)
        row = Row(**{**found, "vector": tuple(map(float, found["vector"]))})
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidEvent(
            "row", f"is no row of an evaluation ({type(error).__name__}); train again"
        ) from None
    if len(row.vector) != len(FEATURES) or len(found) != len(fields(Row)):
        raise InvalidEvent("row", f"has {len(row.vector)} features, this code needs {len(FEATURES)}")
    return row


def batch_scores(text: str, expected: int) -> list[float]:
    """The scores in a batch job's answer in JSON Lines, one for each vector. Raises InvalidEvent."""
    lines = text.splitlines()
    if len(lines) != expected:
        raise InvalidEvent("scores", f"{len(lines)} lines were answered to {expected} vectors")
    return [_score(place, line) for place, line in enumerate(lines, 1)]


def spread_of(rows: Sequence[Row], raw: Sequence[float]) -> dict[str, Bins]:
    """How the vectors and scores of ordinary runs of the evaluation part are spread, by name."""
    ordinary = list(_of(EVALUATION, rows, raw))
    columns = zip(*(row.vector for row, _ in ordinary), strict=True)
    samples = dict(zip(FEATURES, map(list, columns), strict=False))
    return spread({**samples, SCORE: [score for _, score in ordinary]})


def unit_of(rows: Sequence[Row], shared: Sequence[float]) -> float:
    """The factor that brings a shared forest's scores to the scale of the pipelines' own forests: the ratio of the
    medians over ordinary runs of the calibration part. 1 when no pipeline has a forest of its own yet.

    Raises InvalidEvent for scores whose median is 0 or below."""
    both = [(row.own, score) for row, score in _of(CALIBRATION, rows, shared) if row.weight]
    if not both:
        return 1.0
    own = statistics.median(own for own, _ in both)
    theirs = statistics.median(score for _, score in both)
    if not theirs > 0:
        raise InvalidEvent("scores", f"have a median of {theirs!r}, so nothing can be compared with them")
    return own / theirs


def raw_scores(rows: Sequence[Row], shared: Sequence[float], unit: float) -> list[float]:
    """The scores of the rows, as detect/normal.py blends them."""
    return [
        magnitude(row.vector) * blended(row.own, row.weight, unit * score)
        for row, score in zip(rows, shared, strict=True)
    ]


def calibrated(rows: Sequence[Row], raw: Sequence[float], budget: float) -> Reference:
    """The reference of the ordinary runs of the calibration part. Raises TooLittleHistory when they are fewer than that
    budget of false alarms per 1,000 runs takes."""
    ordinary = [score for _, score in _of(CALIBRATION, rows, raw)]
    if len(ordinary) < (fewest := fewest_to_calibrate(budget)):
        raise TooLittleHistory(f"{len(ordinary)} runs are there to calibrate on; it takes {fewest}")
    return reference_of(ordinary)


def figures_on(rows: Sequence[Row], raw: Sequence[float], scores: Reference, budget: float) -> Figures:
    """What a model does on the evaluation part, at that budget of false alarms per 1,000 runs."""
    ordinary = list(_of(EVALUATION, rows, raw))
    odd = list(_of(EVALUATION, rows, raw, odd=True))
    alarms = sum(_alarms(row, score, scores, budget) for row, score in ordinary)
    caught = sum(_alarms(row, score, scores, budget) for row, score in odd)
    ranking = sorted((score for _, score in ordinary), reverse=True)
    high = ranking[int(TOP * len(ranking))] if ranking else math.inf
    ranked = sum(score > high for _, score in odd)
    return Figures(
        runs=len(ordinary),
        alarms_per_1000=1000 * alarms / max(len(ordinary), 1),
        caught=caught / max(len(odd), 1),
        ranked=ranked / max(len(odd), 1),
    )


def average_precision(rows: Sequence[Row], scores: Sequence[float]) -> float:
    """The area under the precision-recall curve over the evaluation part, as the mean precision at each injected
    anomaly; of equal scores the ordinary runs come first, which flatters nobody."""
    both = [(score, row.odd) for row, score in zip(rows, scores, strict=True) if row.part == EVALUATION]
    both.sort(key=lambda pair: (-pair[0], pair[1]))
    precisions: list[float] = []
    for place, (_, odd) in enumerate(both, 1):
        if odd:
            precisions.append((len(precisions) + 1) / place)
    return sum(precisions) / max(len(precisions), 1)


def _score(place: int, line: str) -> float:
    try:
        score = float(json.loads(line)["score"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InvalidEvent("scores", f"line {place} is no score: {line[:80]!r}") from None
    if not 0 <= score < math.inf:
        raise InvalidEvent("scores", f"line {place} is {score!r}, which is no score of a forest")
    return score


def _of(
    part: str, rows: Sequence[Row], values: Sequence[float], odd: bool = False
) -> Iterator[tuple[Row, float]]:
    for row, value in zip(rows, values, strict=True):
        if row.part == part and row.odd == odd:
            yield row, value


def _alarms(row: Row, score: float, scores: Reference, budget: float) -> bool:
    return level_of(scores.p_value(score), budget, row.notable, shift=False) is not Level.NONE
