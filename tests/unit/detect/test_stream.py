"""Scoring a stream: order, duplicates and bad runs."""

import math
from typing import Any

import pytest

from selfheal.detect.detector import Detector
from selfheal.detect.model import embedded_model
from selfheal.detect.stream import StreamScorer
from selfheal.domain.errors import InvalidEvent


def scorer() -> StreamScorer:
    return StreamScorer(Detector(embedded_model()))


def a_run(number: int, seconds: float = 300.0, **changes: Any) -> dict[str, Any]:
    moment = f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z"
    return {
        "pipeline": "shop",
        "run_id": f"r{number}",
        "started_at": moment,
        "status": "SUCCEEDED",
        "duration_s": seconds + number % 7,
    } | changes


def test_a_pipeline_warms_up_with_five_runs() -> None:
    stream = scorer()
    assert [stream.score(a_run(n))["state"] for n in range(7)] == ["warming"] * 5 + ["ready"] * 2


def test_an_odd_run_is_told_with_blame_in_plain_numbers() -> None:
    stream = scorer()
    for n in range(60):
        stream.score(a_run(n))
    found = stream.score(a_run(60, 1200.0))
    assert found["anomalous"] and found["level"] in ("tell", "heal") and not found["shift"]
    assert found["pipeline"] == "shop" and found["blame"][0]["metric"] == "duration"
    assert math.isclose(
        found["blame"][0]["ratio"], found["blame"][0]["value"] / found["blame"][0]["median"], rel_tol=1e-3
    )


def test_a_run_that_comes_twice_gets_the_same_score_and_counts_once() -> None:
    stream, once = scorer(), scorer()
    for n in range(40):
        once.score(a_run(n))
        first = stream.score(a_run(n))
        assert stream.score(a_run(n)) == first
    assert stream.score(a_run(40, 500.0)) == once.score(a_run(40, 500.0))


def test_a_run_that_comes_late_is_compared_with_those_before_it() -> None:
    in_order, late = scorer(), scorer()
    expected = [in_order.score(a_run(n, 300.0 if n != 20 else 900.0)) for n in range(30)][20]
    for n in range(30):
        if n != 20:
            late.score(a_run(n))
    assert late.score(a_run(20, 900.0)) == expected


def test_a_run_that_is_only_remembered_counts_as_one_that_was_scored() -> None:
    scoring, remembering = scorer(), scorer()
    for n in range(30):
        scoring.score(a_run(n))
        remembering.remember(a_run(n))
    assert remembering.score(a_run(30, 700.0)) == scoring.score(a_run(30, 700.0))


def test_a_renamed_pipeline_begins_anew() -> None:
    stream = scorer()
    for n in range(20):
        stream.score(a_run(n))
    assert stream.score(a_run(20, pipeline="shop-two"))["state"] == "warming"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"duration_s": math.nan}, "duration_s is nan"),
        ({"duration_s": math.inf}, "duration_s is inf"),
        ({"duration_s": -1}, "negative"),
        ({"duration_s": "300"}, "duration_s: must be a number"),
        ({"duration_s": True}, "duration_s: must be a number"),
        ({"phases": {"BUILD": -3}}, "phase:BUILD is -3.0, which is negative"),
        ({"phases": [1]}, "phases: must be an object"),
        ({"status": "GREAT"}, "status: 'GREAT' is none of"),
        ({"status": "IN_PROGRESS"}, "status: 'IN_PROGRESS'"),
        ({"started_at": "yesterday"}, "started_at: 'yesterday' is not a time"),
        ({"pipeline": ""}, "pipeline: must be text"),
        ({"run_id": 7}, "run_id: must be text"),
        ({"tests": {"total": 3.5}}, "tests.total: must be a whole number"),
        ({"cpu_percent": math.nan}, "cpu_percent is nan"),
        ({"duration_s": 1e308}, "duration_s: must be at most"),
        ({"duration_s": -(10**400)}, "duration_s: must be at most"),
        ({"duration_s": 10**400}, "duration_s: must be at most"),
        ({"tests": {"total": 1, "failed": 10**400}}, "tests.failed: must be at most"),
        ({"tests": {"total": 1, "failed": 1e308}}, "tests.failed: must be at most"),
        ({"pipeline": "\ud800"}, "pipeline: must be Unicode text"),
    ],
)
def test_a_run_that_cannot_be_believed_is_refused_by_name_and_spoils_no_score(
    change: dict[str, Any], reason: str
) -> None:
    spoilt, clean = scorer(), scorer()
    for n in range(30):
        clean.score(a_run(n))
        spoilt.score(a_run(n))
        with pytest.raises(InvalidEvent, match=reason):
            spoilt.score(a_run(n, run_id=f"bad{n}") | change)
    assert spoilt.score(a_run(30)) == clean.score(a_run(30))


def test_zero_seconds_are_a_duration_like_any_other() -> None:
    stream = scorer()
    found = [stream.score(a_run(n) | {"duration_s": 0}) for n in range(20)]
    assert found[-1]["state"] == "ready" and not found[-1]["anomalous"]


def test_of_each_pipeline_the_last_512_runs_are_held() -> None:
    stream = scorer()
    for n in range(520):
        stream.score(a_run(n))
    late = [stream.score(a_run(n, run_id="late"))["state"] for n in (12, 13)]
    assert late == ["warming", "ready"]  # runs 8 to 519 are held: four of them, or five, came before


def test_a_long_history_with_gaps_is_bounded_and_scores_as_its_end_does() -> None:
    whole, end = scorer(), scorer()
    runs = [
        a_run(
            n,
            started_at=f"20{10 + n // 400:02}-{1 + n % 12:02}-{1 + n // 12 % 28:02}T00:00:00Z",
            run_id=f"r{n:05}",
        )
        for n in range(560)
    ]
    runs.sort(key=lambda run: (run["started_at"], run["run_id"]))
    found = [whole.score(run) for run in runs]
    assert [end.score(run) for run in runs[-257:]][-1] == found[-1]


@pytest.mark.parametrize("name", ["pipeline", "run_id", "started_at", "status", "duration_s"])
def test_a_field_that_a_run_must_have_and_has_not_is_said_to_be_missing(name: str) -> None:
    run = a_run(1)
    del run[name]
    with pytest.raises(InvalidEvent, match=f"{name}: is missing; it must be"):
        scorer().score(run)
