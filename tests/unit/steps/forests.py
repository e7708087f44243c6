"""Registered forests of any quality, with the rows that they are judged by."""

import json
import random
from collections.abc import Callable
from dataclasses import replace

from selfheal.detect.evaluation import (
    CALIBRATION,
    EVALUATION,
    Row,
    calibrated,
    line_of_row,
    raw_scores,
    unit_of,
)
from selfheal.detect.features import FEATURES
from selfheal.detect.hosted import HostedModel, dump_hosted
from selfheal.detect.window import magnitude
from selfheal.testing.builders import NOON

Judge = Callable[[Row], float]


def good(row: Row) -> float:
    """A forest that finds odd what is far away."""
    return 0.5 + 0.2 * magnitude(row.vector)


def blind(row: Row) -> float:
    """A forest that finds odd what is near."""
    return 3.0 / (0.3 + magnitude(row.vector)) ** 2


def rows(seed: int = 3) -> list[Row]:
    """600 runs to calibrate on, 400 to evaluate on and each of those made odd."""
    rng = random.Random(seed)

    def vector(scale: float) -> tuple[float, ...]:
        return tuple(scale * rng.gauss(0, 1) for _ in FEATURES)

    ordinary = [
        Row(part, False, vector(0.5), rng.uniform(0.6, 0.9), 0.3, rng.random() < 0.3, rng.uniform(0, 3))
        for part, count in ((CALIBRATION, 600), (EVALUATION, 400))
        for _ in range(count)
    ]
    odd = [
        replace(row, odd=True, vector=vector(rng.uniform(1.0, 3.0)), notable=True) for row in ordinary[600:]
    ]
    return [*ordinary, *odd]


def registered(version: str, judge: Judge) -> dict[str, bytes]:
    """The objects beside a package whose forest judges so."""
    all_rows = rows()
    scores = [judge(row) for row in all_rows]
    unit = unit_of(all_rows, scores)
    model = HostedModel(
        version, NOON, 1000, 12, unit, calibrated(all_rows, raw_scores(all_rows, scores, unit), budget=5)
    )
    return {
        "thresholds": dump_hosted(model),
        "rows": "".join(map(line_of_row, all_rows)).encode(),
        "scores": "".join(json.dumps({"score": score}) + "\n" for score in scores).encode(),
    }
