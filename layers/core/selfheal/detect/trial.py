"""Trial: runs made odd at seeded places, to see what share of real trouble a model would catch."""

import random
from collections.abc import Callable
from dataclasses import replace

from selfheal.domain.measurement import Measurement, TestTotals


def made_odd(run: Measurement, rng: random.Random) -> Measurement:
    """``run`` with one thing wrong: slow, quick, a slow phase, or failing tests, as far as it has phases and tests."""
    kinds: list[Callable[[Measurement, random.Random], Measurement]] = [_slow, _quick]
    if run.phases:
        kinds.append(_slow_phase)
    if run.tests and run.tests.total:
        kinds.append(_failing_tests)
    return rng.choice(kinds)(run, rng)


def _slow(run: Measurement, rng: random.Random) -> Measurement:
    return _times(run, rng.uniform(1.6, 5.0))


def _quick(run: Measurement, rng: random.Random) -> Measurement:
    return _times(run, rng.uniform(0.03, 0.3))


def _times(run: Measurement, factor: float) -> Measurement:
    phases = {name: seconds * factor for name, seconds in run.phases.items()}
    return replace(run, duration_seconds=run.duration_seconds * factor, phases=phases)


def _slow_phase(run: Measurement, rng: random.Random) -> Measurement:
    name = max(run.phases, key=lambda phase: run.phases[phase])
    more = run.phases[name] * rng.uniform(2.0, 7.0)
    phases = {**run.phases, name: run.phases[name] + more}
    return replace(run, duration_seconds=run.duration_seconds + more, phases=phases)


def _failing_tests(run: Measurement, rng: random.Random) -> Measurement:
    tests = run.tests or TestTotals(1, 0, 0)
    failed = max(3, round(tests.total * rng.uniform(0.04, 0.5)))
    return replace(run, tests=replace(tests, failed=min(failed, tests.total)))
