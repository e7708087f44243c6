"""The processing job that calibrates and judges a forest, with a real forest in the batch job's place."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from selfheal.detect.evaluation import (
    CALIBRATION,
    EVALUATION,
    Row,
    average_precision,
    batch_scores,
    figures_on,
    line_of_row,
    raw_scores,
    row_of_line,
    unit_of,
)
from selfheal.detect.features import FEATURES
from selfheal.detect.forest import grow, isolation
from selfheal.detect.hosted import load_hosted
from selfheal.detect.reference import Reference
from selfheal.domain.errors import InvalidEvent, TooLittleHistory
from selfheal.jobs.evaluate import Question, evaluate
from selfheal.testing.builders import NOON

BUDGET = 20.0


def a_row(part: str = CALIBRATION, odd: bool = False, size: float = 1.0, own: float = 0.8) -> Row:
    vector = (size, *([0.0] * (len(FEATURES) - 1)))
    return Row(part, odd, vector, own, 0.5, notable=size > 2, plain=size)


def all_rows(seed: int = 3) -> list[Row]:
    """600 runs to calibrate on, 400 to evaluate on and each of those made odd."""
    rng = random.Random(seed)

    def vector(scale: float) -> tuple[float, ...]:
        return tuple(scale * rng.gauss(0, 1) for _ in FEATURES)

    ordinary = [
        Row(part, False, vector(0.5), rng.uniform(0.6, 0.9), 0.5, rng.random() < 0.3, rng.uniform(0, 3))
        for part, count in ((CALIBRATION, 600), (EVALUATION, 400))
        for _ in range(count)
    ]
    odd = [replace(row, odd=True, vector=vector(4.0), notable=True) for row in ordinary[600:]]
    return [*ordinary, *odd]


def the_question(tmp_path: Path, rows: list[Row], score: Callable[[Row], object]) -> Question:
    (tmp_path / "rows.ndjson").write_text("".join(map(line_of_row, rows)))
    (tmp_path / "vectors.csv.out").write_text("".join(json.dumps({"score": score(r)}) + "\n" for r in rows))
    (tmp_path / "quality.json").write_text(json.dumps({"runs": 1000, "pipelines": 12}))
    rows_file, scores_file, quality = (
        tmp_path / name for name in ("rows.ndjson", "vectors.csv.out", "quality.json")
    )
    return Question(rows_file, scores_file, quality, tmp_path / "out", NOON, BUDGET)


def test_a_forest_is_calibrated_and_judged(tmp_path: Path) -> None:
    rows = all_rows()
    forest = grow([row.vector for row in rows if row.part == CALIBRATION], len(FEATURES), 1)
    found = evaluate(the_question(tmp_path, rows, lambda row: 3 * isolation(forest, row.vector)))
    model = load_hosted((tmp_path / "out/thresholds/model.bin").read_bytes())
    assert found == json.loads((tmp_path / "out/evaluation/evaluation.json").read_text())
    assert (model.version, model.runs, model.pipelines) == (found["version"], 1000, 12)
    assert found["figures"]["runs"] == 400
    assert found["figures"]["alarms_per_1000"] <= 2 * BUDGET
    assert found["figures"]["caught"] > 0.9 and found["figures"]["average_precision"] > 0.9
    assert found["precision_gain"] > 0 and found["spare_alarms"] >= 0


def test_the_scale_of_the_answers_does_not_matter(tmp_path: Path) -> None:
    rows = all_rows()
    first, second = (
        evaluate(the_question(tmp_path, rows, lambda row, f=factor: f * (0.5 + abs(row.vector[0]))))  # type: ignore[misc]
        for factor in (1.0, 1000.0)
    )
    assert first["unit"] == pytest.approx(1000 * second["unit"])
    assert first["figures"] == second["figures"]


def test_a_forest_that_ranks_at_random_gains_nothing(tmp_path: Path) -> None:
    """What the pipeline's condition is for: a model that is worse than a median and a MAD is not registered."""
    rows = [replace(row, vector=a_row().vector, plain=9.0 if row.odd else 1.0) for row in all_rows()]
    rng = random.Random(1)
    found = evaluate(the_question(tmp_path, rows, lambda _: rng.uniform(0.5, 1.5)))
    assert found["precision_gain"] < 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"score": 1.0}\n', "1 lines were answered to 2 vectors"),
        ('{"score": 1.0}\n{"score": "NaN"}\n', "line 2 is nan"),
        ('{"score": 1.0}\n{"score": -1}\n', "line 2 is -1.0"),
        ('{"score": 1.0}\n<html>\n', "line 2 is no score: '<html>'"),
        ('{"score": 1.0}\n{"score": 1}\n{"score": 1}\n', "3 lines were answered to 2 vectors"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidEvent, match=problem):
        batch_scores(text, 2)


def test_too_few_runs_to_calibrate_on_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLittleHistory, match="124 runs are there to calibrate on; it takes 125"):
        evaluate(the_question(tmp_path, [a_row()] * 124, lambda _: 1.0))


def test_scores_of_nothing_but_zero_are_refused() -> None:
    with pytest.raises(InvalidEvent, match="median of 0"):
        unit_of([a_row()], [0.0])


def test_without_a_forest_of_its_own_no_pipeline_says_anything_of_the_unit() -> None:
    assert unit_of([replace(a_row(), weight=0.0)], [7.0]) == 1.0


def test_rows_travel_as_json_and_others_are_refused() -> None:
    row = all_rows()[0]
    assert row_of_line(line_of_row(row)) == row
    for line in ("", "[]", '{"part": "x"}', line_of_row(replace(row, vector=(1.0,)))):
        with pytest.raises(InvalidEvent, match=r"^row: "):
            row_of_line(line)


def test_the_blend_counts_the_own_forest_by_its_weight() -> None:
    (score,) = raw_scores([a_row(size=2.0, own=0.6)], [4.0], unit=0.1)
    assert score == pytest.approx(2.0 * (0.5 * 0.6 + 0.5 * 0.4))


def test_an_alarm_needs_a_metric_to_blame() -> None:
    scores = Reference((0.5, 0.01), (1.0, 2.0))
    rows = [a_row(EVALUATION, size=3.0), replace(a_row(EVALUATION, size=3.0), notable=False)]
    assert figures_on(rows, [50.0, 50.0], scores, BUDGET).alarms_per_1000 == 500


def test_average_precision_is_one_for_a_perfect_ranking_and_flatters_no_tie() -> None:
    rows = [a_row(EVALUATION, odd) for odd in (True, True, False, False)]
    assert average_precision(rows, [4, 3, 2, 1]) == 1.0
    assert average_precision(rows, [1, 1, 1, 1]) == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert average_precision(rows, [1, 2, 3, 4]) == pytest.approx((1 / 3 + 2 / 4) / 2)
