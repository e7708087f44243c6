"""Streams: what is labelled is odd, what is not was left alone, and a seed gives one stream."""

from collections import Counter

import pytest

from tests.bench.streams.development import available, development
from tests.bench.streams.generated import ODD, generated
from tests.bench.streams.inject import YOUNG, inject, shift
from tests.bench.streams.steps import Step, phase_of, phases
from tests.bench.streams.stream import RunDict, Stream, by_pipeline


def plain_runs(count: int = 400, pipelines: int = 3) -> list[RunDict]:
    """Runs that all pass in 100 s, one a minute."""
    return [
        {
            "pipeline": f"codebuild:p{n % pipelines}",
            "run_id": f"run-{n:04d}",
            "started_at": f"2026-01-01T{n // 60 % 24:02d}:{n % 60:02d}:00Z",
            "status": "SUCCEEDED",
            "duration_s": 100.0,
            "phases": {"INSTALL": 20.0, "BUILD": 80.0},
        }
        for n in range(count)
    ]


def test_a_seed_gives_one_stream_and_another_seed_another() -> None:
    runs = plain_runs()
    assert inject(runs, 7) == inject(runs, 7)
    assert inject(runs, 7).labels != inject(runs, 8).labels
    assert generated(7, 2, 60) == generated(7, 2, 60)


def test_injection_changes_the_labelled_runs_and_no_other() -> None:
    runs = plain_runs()
    before = {run["run_id"]: run for run in plain_runs()}
    stream = inject(runs, 7, rate=0.1)
    assert runs == plain_runs()
    for run in stream.runs:
        old = before[run["run_id"]]
        same = (run["duration_s"], run.get("phases"), run["status"]) == (100.0, old["phases"], "SUCCEEDED")
        burst = run.get("tests", {}).get("failed", 0) > 2
        assert (not same or burst) == (run["run_id"] in stream.labels), run


def test_about_the_wanted_share_is_odd_and_none_among_the_first_runs() -> None:
    stream = inject(plain_runs(3000), 7, rate=0.025)
    assert 0.02 < len(stream.labels) / 3000 < 0.03
    for runs in by_pipeline(stream.runs).values():
        assert not {run["run_id"] for run in runs[:YOUNG]} & set(stream.labels)
    assert set(Counter(label.kind for label in stream.labels.values())) == {
        "spike",
        "slow_down",
        "fast_fail",
        "test_burst",
        "phase_spike",
    }


def test_a_phase_spike_lengthens_the_run_by_what_the_phase_took_longer() -> None:
    stream = inject(plain_runs(2000), 7)
    spiked = [run for run in stream.runs if _kind(stream, run) == "phase_spike"]
    assert spiked
    for run in spiked:
        assert run["duration_s"] == pytest.approx(sum(run["phases"].values()))
        assert stream.labels[run["run_id"]].single


def test_a_shift_slows_every_run_from_one_on() -> None:
    stream = shift(plain_runs(900), 7)
    assert len(stream.shifts) == 3
    for runs in by_pipeline(stream.runs).values():
        slow = [run["duration_s"] > 100 for run in runs]
        first = slow.index(True)
        assert all(slow[first:])
        assert runs[first]["run_id"] in stream.shifts


def test_judged_leaves_out_the_young_the_stopped_and_the_unjudged() -> None:
    runs = plain_runs(12, pipelines=1)
    runs[5]["status"] = "STOPPED"
    stream = Stream(runs, unjudged=frozenset({"run-0006"}))
    assert stream.judged(warm_up=4) == ["run-0004", *(f"run-{n:04d}" for n in range(7, 12))]


def test_the_generated_stream_has_all_eight_kinds_and_every_metric() -> None:
    stream = generated(7, pipelines=12, runs=400)
    kinds = Counter(label.kind for label in stream.labels.values())
    assert set(kinds) == {*ODD, "level_shift"}
    assert len(kinds) == 8
    assert all(len(run["phases"]) <= 5 for run in stream.runs)
    assert 0.9 < sum("cpu_percent" in run for run in stream.runs) / len(stream.runs) < 0.99
    assert stream.runs == sorted(stream.runs, key=lambda run: run["started_at"])
    assert len({run["run_id"] for run in stream.runs}) == len(stream.runs)


def test_steps_are_read_as_phases_of_the_longest_job_without_the_one_that_broke() -> None:
    steps = [
        Step("short", "Run tests", "success", 5.0),
        Step("long", "Set up job", "success", 2.0),
        Step("long", "Install dependencies", "success", 30.0),
        Step("long", "Compile", "failure", 40.0),
        Step("long", "Post Run actions/checkout@v4", "success", 0.0),
    ]
    assert phases(steps) == {"PROVISIONING": 2.0, "INSTALL": 30.0}
    assert phase_of("Run Vitest unit tests") == "POST_BUILD"


@pytest.mark.skipif(not available(), reason="the real series are not at hand (SELFHEAL_DATA)")
@pytest.mark.parametrize("by_trigger", [True, False])
def test_the_real_series_comes_in_order_with_positive_durations(by_trigger: bool) -> None:
    runs = development(by_trigger)
    assert len(runs) > 6000
    assert all(run["duration_s"] > 0 for run in runs)
    assert [run["started_at"] for run in runs] == sorted(run["started_at"] for run in runs)
    assert len(by_pipeline(runs)) == (11 if by_trigger else 6)


def _kind(stream: Stream, run: RunDict) -> str:
    return stream.labels[run["run_id"]].kind if run["run_id"] in stream.labels else ""
