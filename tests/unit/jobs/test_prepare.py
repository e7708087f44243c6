"""The processing job that turns the lake into channels, on lakes in folders."""

import gc
import gzip
import json
import re
import tracemalloc
from collections import deque
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.detect.detector import WINDOW
from selfheal.detect.evaluation import CALIBRATION, EVALUATION, Row, row_of_line
from selfheal.detect.features import FEATURES
from selfheal.detect.window import Window
from selfheal.jobs.errors import LakeRefused
from selfheal.jobs.lake import GROUPS, Period, runs_of, sorted_out
from selfheal.jobs.prepare import Preparation, csv_line, prepare
from selfheal.jobs.quality import days_between, split
from selfheal.jobs.vectors import GroupVectors, Plan
from selfheal.testing.builders import NOON, a_measurement
from tests.unit.jobs.lakes import A_DAY, BUDGET, DAYS, PIPELINES, UNTIL, lake, runs


def prepared(tmp_path: Path, workers: int = 1, budget: float = BUDGET) -> dict[str, Any]:
    return prepare(
        Preparation(tmp_path / "lake", tmp_path / "out", UNTIL, DAYS + 5, 10.0, budget, workers=workers)
    )


def rows(tmp_path: Path) -> list[Row]:
    return list(map(row_of_line, (tmp_path / "out/rows/rows.ndjson").read_text().splitlines()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake without flaws and what was made of it by one process."""
    place = tmp_path_factory.mktemp("whole")
    lake(place / "lake", runs())
    prepared(place)
    return place


def test_the_lake_becomes_channels_and_every_run_is_in_one_part_only(whole: Path) -> None:
    report = json.loads((whole / "out/report/quality.json").read_text())
    assert (report["runs"], report["pipelines"]) == (PIPELINES * A_DAY * DAYS, PIPELINES)
    parts = [report["rows"][part] for part in ("train", CALIBRATION, EVALUATION)]
    assert sum(parts) == report["runs"]
    assert parts[0] > 0.5 * report["runs"] and parts[1] >= 125
    assert report["rows"]["evaluation, made odd"] == report["rows"][EVALUATION]
    trained = [line for path in (whole / "out/train").iterdir() for line in path.read_text().splitlines()]
    assert len(trained) == report["rows"]["train"]
    assert {line.count(",") for line in trained} == {len(FEATURES) - 1}


def test_the_vectors_to_score_are_those_of_the_rows_in_their_order(whole: Path) -> None:
    lines = (whole / "out/sets/vectors.csv").read_text().splitlines(keepends=True)
    assert lines == [csv_line(row.vector) for row in rows(whole)]


def test_any_number_of_workers_writes_the_same(whole: Path, tmp_path: Path) -> None:
    lake(tmp_path / "lake", runs())
    prepared(tmp_path, workers=2)
    first, second = (
        {str(path.relative_to(place)): path.read_bytes() for path in (place / "out").rglob("*.*")}
        for place in (whole, tmp_path)
    )
    assert first == second


def test_training_compares_a_run_as_the_embedded_model_does() -> None:
    of_one = list(runs(pipelines=1, a_day=WINDOW, days=1))
    vectors = GroupVectors(Plan(date.max, date.max, 10.0, {}))
    found = [vector for run in of_one for vector in vectors.trained_on(run)]
    assert found == Window(of_one[::-1], 10.0).vectors(WINDOW)


def test_what_cannot_be_believed_is_skipped_and_counted(tmp_path: Path) -> None:
    """NaN, a negative duration, a clock that is wrong, a run that is there twice, an object that is no gzip."""
    good = list(runs())
    twice = replace(good[5], missing=("cpu_percent",))
    future = replace(good[0], run_id="future", started_at=UNTIL + timedelta(hours=1))
    folder = lake(tmp_path / "lake", [*good, twice, future])
    day = folder / f"dt={(NOON - timedelta(days=3)).date().isoformat()}"
    line = gzip.decompress(next(day.iterdir()).read_bytes()).decode().splitlines()[0]
    numbers = json.loads(line)
    spoilt = [
        json.dumps(numbers | {"run_id": "nan", "duration_seconds": float("nan")}),
        json.dumps(numbers | {"run_id": "below", "duration_seconds": -3.0}),
    ]
    (day / "spoilt.ndjson.gz").write_bytes(gzip.compress("\n".join([*spoilt, ""]).encode()))
    (day / "torn.ndjson.gz").write_bytes(gzip.compress(f"{line}\n".encode() * 50)[:-20])
    (day / "other.ndjson.gz").write_bytes(b"not gzip at all")
    report = prepared(tmp_path)
    skipped = report["skipped"]
    assert skipped["no gzip, or damaged"] == 2
    assert skipped["started after the training did: a clock is wrong"] == 1
    assert sum(count for reason, count in skipped.items() if reason.startswith("a line")) == 2
    assert skipped["measured more than once"] >= 1
    trained_on = report["rows"]["train"] + report["rows"][CALIBRATION] + report["rows"][EVALUATION]
    assert trained_on + skipped.get("of a pipeline with fewer than 30 runs to train on", 0) == len(good)


def test_an_empty_lake_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    with pytest.raises(LakeRefused, match=r"^the lake holds no run of these days \(0 lines"):
        prepared(tmp_path)
    assert json.loads((tmp_path / "out/report/quality.json").read_text())["runs"] == 0


def test_one_pipeline_alone_is_refused(tmp_path: Path) -> None:
    lake(tmp_path / "lake", runs(pipelines=1))
    with pytest.raises(LakeRefused, match="all 50 runs are of one pipeline"):
        prepared(tmp_path)


def test_a_lake_of_two_days_is_refused(tmp_path: Path) -> None:
    lake(tmp_path / "lake", runs(days=1, a_day=30))
    with pytest.raises(LakeRefused, match="of 2 days; it takes 3"):
        prepared(tmp_path)


def test_a_lake_that_is_mostly_broken_is_refused(tmp_path: Path) -> None:
    folder = lake(tmp_path / "lake", runs())
    for n in range(1000):
        (next(folder.iterdir()) / f"{n}.gz").write_bytes(b"x")
    with pytest.raises(LakeRefused, match="1000 lines or objects were skipped beside 1700 runs"):
        prepared(tmp_path)


def test_too_few_runs_are_refused_with_what_is_missing_and_a_larger_budget_takes_fewer(
    tmp_path: Path,
) -> None:
    lake(tmp_path / "lake", runs(pipelines=20, a_day=4, days=16))
    with pytest.raises(LakeRefused) as refused:
        prepared(tmp_path, budget=5.0)
    assert re.fullmatch(
        r"4\d\d runs with enough history before them are there for a budget of 5 to calibrate on; it takes 500\. "
        r"The last 30 days hold 1280 runs, it takes some \d\d\d? more\. Until then the embedded forest serves, and "
        r"nothing needs to be done",
        str(refused.value),
    )
    with pytest.raises(LakeRefused, match=r"^0 runs .* to train on; .* too few of every single pipeline"):
        prepare(Preparation(tmp_path / "lake", tmp_path / "young", UNTIL, 4, 10.0, 10.0, 1))
    with pytest.raises(LakeRefused, match="there to evaluate on; it takes 200"):
        prepared(tmp_path, budget=10.0)


def test_memory_does_not_grow_with_the_length_of_the_lake(tmp_path: Path) -> None:
    """Of a lake, that is, which fills a pipeline's window."""
    peaks: list[int] = []
    for days in (40, 40, 120):  # the first of them loads what the others find
        place = tmp_path / str(len(peaks))
        lake(place / "lake", runs(a_day=30, days=days, pipelines=1))
        period = Period(UNTIL - timedelta(days=days + 1), UNTIL)
        gc.collect()  # it empties Python's own stores too: whether it comes meanwhile is no matter of chance then
        tracemalloc.start()
        for day in days_between(period.since.date(), period.until.date()):
            sorted_out(place / "lake", day, period, place / "groups")
        vectors = GroupVectors(Plan(date.max, date.max, 10.0, {}))
        for group in range(GROUPS):
            for _, run in runs_of(place / "groups", group, vectors.skipped):
                deque(vectors.trained_on(run), maxlen=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.5 * peaks[1]


@given(
    st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 4, 1)), st.integers(1, 50), min_size=3),
    st.integers(100, 500),
)
def test_every_part_has_days_of_its_own(days: dict[date, int], wanted: int) -> None:
    calibrate, evaluate = split(days, wanted)
    assert min(days) < calibrate < evaluate <= max(days)


@pytest.mark.parametrize(
    ("a_day", "wanted", "trained", "calibrated"),
    [(100, 500, 70, 15), (34, 500, 68, 17), (20, 500, 57, 28), (10, 500, 50, 35), (20, 100, 70, 15)],
)
def test_where_runs_are_few_more_of_them_are_calibrated_with(
    a_day: int, wanted: int, trained: int, calibrated: int
) -> None:
    first = date(2026, 1, 1)
    calibrate, evaluate = split({first + timedelta(days=n): a_day for n in range(100)}, wanted)
    assert ((calibrate - first).days, (evaluate - calibrate).days) == (trained, calibrated)


def test_a_run_of_a_day_that_is_not_asked_for_is_no_flaw(tmp_path: Path) -> None:
    since = UNTIL - timedelta(days=5)
    on_the_first_day = [
        a_measurement(f"r{hours}", started_at=since + timedelta(hours=hours)) for hours in (-1, 1)
    ]
    folder = lake(tmp_path / "lake", on_the_first_day)
    quality = sorted_out(folder, since.date(), Period(since, UNTIL), tmp_path / "groups")
    assert (quality.runs, quality.skipped) == (1, {"started before the days that are trained on": 1})
    assert not quality.broken()
