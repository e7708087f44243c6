"""Plausible test totals for runs that have none."""

import random

from tests.bench.streams.stream import RunDict, by_pipeline

REACHED_TESTS = 0.6


def with_tests(runs: list[RunDict], rng: random.Random) -> list[RunDict]:
    """Give the runs test totals, in place: a suite that grows slowly, flaky in some pipelines, skipping a few.

    A run that failed early has no report; one that failed late has a few failing tests in two of three cases.
    """
    for each in by_pipeline(runs).values():
        size, growth = rng.uniform(40, 2000), rng.uniform(0.0, 0.5)
        flaky = rng.choice((0.0, 0.0, 0.01, 0.05))
        skipped = rng.uniform(0.0, 0.03)
        usual = sorted(run["duration_s"] for run in each)[len(each) // 2]
        for place, run in enumerate(each):
            total = round(size * (1 + growth * place / len(each)))
            failed = _failing(run, usual, flaky, rng)
            if failed is not None:
                run["tests"] = {
                    "total": total,
                    "failed": min(failed, total),
                    "skipped": round(total * skipped),
                }
    return runs


def _failing(run: RunDict, usual: float, flaky: float, rng: random.Random) -> int | None:
    """How many tests fail; None if the run never got as far as its tests."""
    if run["status"] == "SUCCEEDED":
        return rng.choice((1, 1, 2)) if rng.random() < flaky else 0
    if run["duration_s"] < REACHED_TESTS * usual or run["status"] == "STOPPED":
        return None
    return rng.choice((1, 1, 2, 3, 5)) if rng.random() < 2 / 3 else 0
