"""evaluate: calibrate the new forest's scores and say what it would do, beside a median and a MAD alone.

Reads the rows and what the batch job answered; writes thresholds/model.bin, the artifact with the thresholds
(detect/hosted.py), and evaluation/evaluation.json, which the pipeline's condition and the registry read.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from selfheal.detect.contest import most_alarms
from selfheal.detect.evaluation import (
    Row,
    average_precision,
    batch_scores,
    calibrated,
    figures_on,
    raw_scores,
    row_of_line,
    unit_of,
)
from selfheal.detect.features import FEATURES_VERSION
from selfheal.detect.hosted import HostedModel, dump_hosted
from selfheal.detect.reference import Reference

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Question:
    """``rows`` and ``quality`` are files that prepare wrote, ``scores`` is the batch job's answer; ``budget``: false
    alarms per 1,000 runs."""

    rows: Path
    scores: Path
    quality: Path
    out: Path
    until: datetime
    budget: float


def evaluate(ask: Question) -> dict[str, Any]:
    """Write both files; gives the evaluation. Raises TooLittleHistory, InvalidEvent."""
    rows = [row_of_line(line) for line in ask.rows.read_text().splitlines()]
    shared = batch_scores(ask.scores.read_text(), len(rows))
    unit = unit_of(rows, shared)
    raw = raw_scores(rows, shared, unit)
    reference = calibrated(rows, raw, ask.budget)
    model = _model(ask, unit, reference)
    found = _evaluation(ask.budget, rows, raw, model)
    for folder, name, body in (
        ("thresholds", "model.bin", dump_hosted(model)),
        ("evaluation", "evaluation.json", json.dumps(found, indent=1).encode()),
    ):
        (ask.out / folder).mkdir(parents=True, exist_ok=True)
        (ask.out / folder / name).write_bytes(body)
    return found


def _model(ask: Question, unit: float, reference: Reference) -> HostedModel:
    quality = json.loads(ask.quality.read_text())
    digest = hashlib.sha256(repr((unit, reference)).encode()).hexdigest()[:8]
    return HostedModel(
        version=f"{ask.until:%Y%m%dT%H%M%SZ}-{digest}",
        trained_at=ask.until,
        runs=quality["runs"],
        pipelines=quality["pipelines"],
        unit=unit,
        scores=reference,
    )


def _evaluation(
    budget: float, rows: Sequence[Row], raw: Sequence[float], model: HostedModel
) -> dict[str, Any]:
    """``spare_alarms`` and ``precision_gain`` are what the pipeline's condition asks: neither may be negative.
    The plain baseline is calibrated on the same runs in the same way."""
    figures = figures_on(rows, raw, model.scores, budget)
    plain = [row.plain for row in rows]
    of_plain = figures_on(rows, plain, calibrated(rows, plain, budget), budget)
    precision, plain_precision = average_precision(rows, raw), average_precision(rows, plain)
    allowed = most_alarms(budget, figures.runs)
    return {
        "format": FORMAT,
        "version": model.version,
        "features_version": FEATURES_VERSION,
        "unit": model.unit,
        "budget": budget,
        "figures": asdict(figures) | {"average_precision": precision},
        "median_mad": asdict(of_plain) | {"average_precision": plain_precision},
        "spare_alarms": allowed - round(figures.alarms_per_1000 * figures.runs / 1000),
        "precision_gain": precision - plain_precision,
    }
