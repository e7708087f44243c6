"""Injection: anomalies at seeded places of real runs, the rest of the runs left as they were.

``inject`` makes odd runs, ``shift`` a new level for good. Both return a new stream; the given runs are not changed.
"""

import random
from collections.abc import Callable
from copy import deepcopy

from tests.bench.streams.reports import with_tests
from tests.bench.streams.stream import (
    DURATION,
    PHASE,
    TEST_FAILURES,
    Label,
    RunDict,
    Stream,
    by_pipeline,
)

YOUNG = 20
SHIFT_AFTER = 100
SHIFT_BEFORE_END = 120
LEAST_PHASE_SECONDS = 5.0
KINDS = {"spike": 0.25, "slow_down": 0.15, "fast_fail": 0.2, "test_burst": 0.2, "phase_spike": 0.2}


def inject(runs: list[RunDict], seed: int, rate: float = 0.025) -> Stream:
    """About ``rate`` of the runs that passed made odd, none among a pipeline's first 20, never one twice.

    All runs get test totals first, so that a burst of failing tests shows. A slow-down lasts for one to three
    runs; every other kind is a single run.
    """
    rng = random.Random(seed)
    tested = with_tests(deepcopy(runs), rng)
    labels: dict[str, Label] = {}
    for each in by_pipeline(tested).values():
        passed = [run for run in each[YOUNG:] if run["status"] == "SUCCEEDED"]
        _inject_pipeline(passed, rng, rate, labels)
    return Stream(tested, labels)


def _inject_pipeline(
    passed: list[RunDict], rng: random.Random, rate: float, labels: dict[str, Label]
) -> None:
    wanted, free = round(rate * len(passed)), set(range(len(passed)))
    while wanted > 0:
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        length = min(wanted, rng.choice((1, 2, 3))) if kind == "slow_down" else 1
        first = rng.choice(sorted(free))
        places = [place for place in range(first, first + length) if place in free]
        factor = rng.uniform(1.6, 4.0)
        for place in places:
            run = passed[place]
            metrics = slowed(run, factor) if kind == "slow_down" else ODD[kind](run, rng)
            labels[run["run_id"]] = Label(
                "spike" if kind == "phase_spike" and len(metrics) > 1 else kind, metrics
            )
        free.difference_update(places)
        wanted -= len(places)


def slowed(run: RunDict, factor: float) -> tuple[str, ...]:
    """Make a run and its phases take ``factor`` times as long, in whole seconds; the odd metrics, duration first."""
    run["duration_s"] = max(1.0, float(round(run["duration_s"] * factor)))
    phases = run.get("phases", {})
    for name in phases:
        phases[name] = float(round(phases[name] * factor))
    return (DURATION, *(PHASE + name for name in phases))


def _spike(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    return slowed(run, rng.uniform(2.5, 6.0))


def _fast_fail(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    """Over after a fraction of its time: half fail, with the phases cut that had no time left; half pass."""
    fraction = rng.uniform(0.03, 0.3)
    if rng.random() < 0.5:
        return slowed(run, fraction)
    run["status"] = "FAILED"
    run["duration_s"] = left = max(1.0, float(round(run["duration_s"] * fraction)))
    run.pop("tests", None)
    finished = {}
    for name, seconds in run.pop("phases", {}).items():
        left -= seconds
        if left < 0:
            break
        finished[name] = seconds
    if finished:
        run["phases"] = finished
    return (DURATION,)


def _test_burst(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    tests = run["tests"]
    tests["failed"] = max(3, round(tests["total"] * rng.uniform(0.04, 0.5)))
    run["status"] = "FAILED" if rng.random() < 0.7 else "SUCCEEDED"
    return (TEST_FAILURES,)


def _phase_spike(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    """One phase 3 to 8 times as long, the whole longer by as much; where no phase is long enough, a spike."""
    phases = run.get("phases", {})
    long_enough = [name for name, seconds in phases.items() if seconds >= LEAST_PHASE_SECONDS]
    if not long_enough:
        return _spike(run, rng)
    name = rng.choice(long_enough)
    more = float(round(phases[name] * (rng.uniform(3.0, 8.0) - 1)))
    phases[name] += more
    run["duration_s"] += more
    return (PHASE + name,)


ODD: dict[str, Callable[[RunDict, random.Random], tuple[str, ...]]] = {
    "spike": _spike,
    "fast_fail": _fast_fail,
    "test_burst": _test_burst,
    "phase_spike": _phase_spike,
}


def shift(runs: list[RunDict], seed: int) -> Stream:
    """Every pipeline with enough runs 1.6 to 2.5 times as slow for good from a seeded run on."""
    rng = random.Random(seed)
    tested = with_tests(deepcopy(runs), rng)
    shifts: dict[str, Label] = {}
    for each in by_pipeline(tested).values():
        if len(each) < SHIFT_AFTER + SHIFT_BEFORE_END:
            continue
        first = rng.randrange(SHIFT_AFTER, len(each) - SHIFT_BEFORE_END + 1)
        factor = rng.uniform(1.6, 2.5)
        changed = [slowed(run, factor) for run in each[first:]]
        shifts[each[first]["run_id"]] = Label("level_shift", max(changed, key=len))
    return Stream(tested, shifts=shifts)
