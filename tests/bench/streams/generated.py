"""Generated stream: pipelines with every metric and all eight kinds of anomaly.

Normal is noisy on purpose: heavy tails, cache misses, busy hours, trends, small harmless steps, builds that developers
broke, missing metrics, flaky tests. The generator and the detectors' features come from the same people, so the figures
flatter; the order of detectors is what they are for.
"""

import random
from collections.abc import Callable

from tests.bench.streams.profile import OVERHEAD_SECONDS, a_profile, normal_run, starts
from tests.bench.streams.stream import (
    CPU,
    DURATION,
    MEMORY,
    PHASE,
    TEST_FAILURES,
    TESTS_SKIPPED,
    WARM_UP,
    Label,
    RunDict,
    Stream,
    in_time_order,
)

Change = Callable[[RunDict, random.Random], tuple[str, ...]]
RATE = 0.012
SHIFT_SHARE = 0.5
LABELLED_AFTER_SHIFT = 3
UNJUDGED_AFTER_SHIFT = 40


def generated(seed: int, pipelines: int = 40, runs: int = 1000) -> Stream:
    """``pipelines`` x ``runs`` runs in global time order, about 1.2 % of them anomalous.

    Half of the pipelines shift once for good: the first three runs after it are labelled, the next 37 unjudged.
    """
    rng = random.Random(seed)
    every: list[RunDict] = []
    labels: dict[str, Label] = {}
    shifts: dict[str, Label] = {}
    unjudged: set[str] = set()
    for number in range(pipelines):
        history = _history(f"generated-{number:05d}", runs, rng)
        every += history
        odd = _inject(history, rng)
        labels |= odd
        if rng.random() < SHIFT_SHARE and runs > 2 * WARM_UP + UNJUDGED_AFTER_SHIFT:
            _shift(history, odd, rng, labels, shifts, unjudged)
    return Stream(in_time_order(every), labels, shifts, frozenset(unjudged))


def _history(name: str, runs: int, rng: random.Random) -> list[RunDict]:
    profile = a_profile(name, rng)
    history = []
    for number, moment in enumerate(starts(runs, rng)):
        run = normal_run(profile, moment, number / runs, rng)
        run["run_id"] = f"{name}:{number:06d}"
        history.append(run)
    return history


def _inject(history: list[RunDict], rng: random.Random) -> dict[str, Label]:
    labels = {}
    for run in history:
        if run["status"] == "SUCCEEDED" and rng.random() < RATE:
            kind = rng.choice(sorted(ODD))
            if metrics := ODD[kind](run, rng):
                labels[run["run_id"]] = Label(kind, metrics)
    return labels


def _shift(
    history: list[RunDict],
    odd: dict[str, Label],
    rng: random.Random,
    labels: dict[str, Label],
    shifts: dict[str, Label],
    unjudged: set[str],
) -> None:
    """The whole slower for good, from a run on that passed; anomalies after it keep their labels."""
    passed = [n for n, run in enumerate(history[:-UNJUDGED_AFTER_SHIFT]) if run["status"] == "SUCCEEDED"]
    first = rng.choice([n for n in passed if n >= WARM_UP])
    factor = rng.uniform(1.4, 2.5)
    metrics = [_slowed(run, factor) for run in history[first:]]
    label = Label("level_shift", metrics[0])
    shifts[history[first]["run_id"]] = label
    for place, run in enumerate(history[first : first + UNJUDGED_AFTER_SHIFT]):
        if place < LABELLED_AFTER_SHIFT and run["status"] == "SUCCEEDED":
            labels.setdefault(run["run_id"], label)
        elif run["run_id"] not in odd:
            unjudged.add(run["run_id"])


def _slowed(run: RunDict, factor: float) -> tuple[str, ...]:
    phases = run["phases"] = {name: round(seconds * factor, 1) for name, seconds in run["phases"].items()}
    run["duration_s"] = round(run["duration_s"] * factor, 1)
    return (DURATION, *(PHASE + name for name in phases))


def _total_spike(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    return _slowed(run, rng.uniform(1.8, 5.0))


def _phase_spike(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    name = rng.choice(sorted(run["phases"]))
    more = round(run["phases"][name] * (rng.uniform(3.0, 8.0) - 1), 1)
    run["phases"][name] += more
    run["duration_s"] = round(run["duration_s"] + more, 1)
    return (PHASE + name,)


def _failure_burst(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    tests = run["tests"]
    tests["failed"] = max(4, round(tests["total"] * rng.uniform(0.03, 0.4)))
    run["status"] = "FAILED"
    run["duration_s"] = round(run["duration_s"] - run["phases"].pop("UPLOAD_ARTIFACTS"), 1)
    return (TEST_FAILURES,)


def _memory(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    if "memory_percent" not in run:
        return ()
    run["memory_percent"] = round(min(99.9, run["memory_percent"] * rng.uniform(1.35, 2.5)), 1)
    return (MEMORY,)


def _hang(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    """The build waits for something: slow, and the processors idle."""
    more = round(run["phases"]["BUILD"] * (rng.uniform(2.0, 6.0) - 1), 1)
    run["phases"]["BUILD"] += more
    run["duration_s"] = round(run["duration_s"] + more, 1)
    if "cpu_percent" not in run:
        return (PHASE + "BUILD", DURATION)
    run["cpu_percent"] = round(rng.uniform(1.0, 8.0), 1)
    return (CPU, PHASE + "BUILD", DURATION)


def _fast_fail(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    """Passes in a fraction of the time, for it hardly did anything."""
    fraction = rng.uniform(0.03, 0.3)
    for name in ("INSTALL", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS"):
        run["phases"][name] = round(max(0.1, run["phases"][name] * fraction), 1)
    run["duration_s"] = round(sum(run["phases"].values()) + OVERHEAD_SECONDS, 1)
    return (DURATION, *(PHASE + name for name in run["phases"] if name != "PROVISIONING"))


def _skipped_tests(run: RunDict, rng: random.Random) -> tuple[str, ...]:
    """Most tests are skipped, and their phase is shorter for it."""
    share = rng.uniform(0.5, 1.0)
    run["tests"]["skipped"] = round(run["tests"]["total"] * share)
    spared = round(run["phases"]["POST_BUILD"] * share * 0.9, 1)
    run["phases"]["POST_BUILD"] = round(run["phases"]["POST_BUILD"] - spared, 1)
    run["duration_s"] = round(run["duration_s"] - spared, 1)
    return (TESTS_SKIPPED, PHASE + "POST_BUILD")


ODD: dict[str, Change] = {
    "total_spike": _total_spike,
    "phase_spike": _phase_spike,
    "failure_burst": _failure_burst,
    "memory": _memory,
    "hang": _hang,
    "fast_fail": _fast_fail,
    "skipped_tests": _skipped_tests,
}
