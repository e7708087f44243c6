"""How often drift asks for a training on real runs, with nothing changed and with a change put in.

``python tests/bench/bench_drift.py`` reads the development series from SELFHEAL_DATA or ../shared/data.
Every run is seen by the embedded model against the runs before it, as a replay sees it; then the checks of the 13
months are made one after another, as train_baselines makes them every six hours, on the runs of the last 30 days.
"""

import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from selfheal.detect.detector import WINDOW
from selfheal.detect.drift import Samples, after_check, drift_of, reference_of
from selfheal.detect.features import FEATURES, MIN_SECONDS
from selfheal.detect.learner import SCORE
from selfheal.detect.model import embedded_model
from selfheal.detect.normal import FEWEST_RUNS, Normal
from selfheal.detect.shift import since_shift
from selfheal.detect.stream import measurement
from selfheal.domain.measurement import Measurement
from selfheal.domain.model import DriftState
from tests.bench.streams.development import available, data_folder, development

CHECK = timedelta(hours=6)
LOOKED_BACK = timedelta(days=30)
TRAINED_ON = timedelta(days=90)
SCHEDULES = {"never": 10_000, "monthly": 30, "weekly": 7, "daily": 1}
Change = Callable[[Measurement], Measurement]


@dataclass(frozen=True, slots=True)
class Seen:
    """When a run started, and what the model saw of it: its features, then its score."""

    at: datetime
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Walk:
    """The checks of one walk through the months: their indices, and the moments at which they asked for a training."""

    indices: list[float]
    asked: list[datetime]


def seen(runs: Sequence[Measurement]) -> list[Seen]:
    """Every run as the embedded model sees it, in order of start."""
    of_pipeline = defaultdict(list)
    for run in runs:
        of_pipeline[run.pipeline].append(run)
    found = []
    for history in of_pipeline.values():
        for place in range(FEWEST_RUNS, len(history)):
            present = since_shift(history[max(0, place - WINDOW) : place][::-1], MIN_SECONDS)
            odd = Normal(present, embedded_model(), MIN_SECONDS).oddness(history[place])
            found.append(Seen(history[place].started_at, [*odd.features, odd.raw]))
    return sorted(found, key=lambda each: each.at)


def samples(runs: Sequence[Seen]) -> Samples:
    """The runs as columns."""
    names = (*FEATURES, SCORE)
    return {name: [run.values[place] for run in runs] for place, name in enumerate(names)}


def walk(runs: Sequence[Seen], days: float) -> Walk:
    """All checks from the 90th day on, with a reference made anew after so many days and after every training."""
    now, made, state, done = runs[0].at + TRAINED_ON, None, DriftState(), Walk([], [])
    while now < runs[-1].at:
        if made is None or now - made >= timedelta(days=days):
            made, reference = now, reference_of(samples(_between(runs, now - TRAINED_ON, now)))
        found = drift_of(reference, samples(_between(runs, now - LOOKED_BACK, now)))
        if found:
            done.indices.append(found.index)
            state, train = after_check(state, found, now)
            if train:
                done.asked.append(now)
                made, reference = now, reference_of(samples(_between(runs, now - TRAINED_ON, now)))
        now += CHECK
    return done


def _between(runs: Sequence[Seen], since: datetime, until: datetime) -> list[Seen]:
    return [run for run in runs if since <= run.at < until]


def changed(runs: Sequence[Measurement], at: datetime, change: Change) -> list[Measurement]:
    """The same runs, those from ``at`` on changed."""
    return [change(run) if run.started_at >= at else run for run in runs]


def slower(run: Measurement) -> Measurement:
    """Twice as long."""
    phases = {name: 2 * seconds for name, seconds in run.phases.items()}
    return replace(run, duration_seconds=2 * run.duration_seconds, phases=phases)


def scattered(run: Measurement) -> Measurement:
    """Half or twice as long, by the run's id: the level stays, the spread grows."""
    factor = 2.0 if int(run.run_id) % 2 else 0.5
    return replace(run, duration_seconds=factor * run.duration_seconds)


def main() -> int:
    """Print the tables."""
    if not available():
        print(f"skipped: no series in {data_folder()} (set SELFHEAL_DATA)")
        return 0
    runs = [measurement(run)[0] for run in development()]
    middle = runs[len(runs) // 2].started_at
    usual = seen(runs)
    print("as it was     reference made  checks  median    p99    max  trainings asked for")
    for name, days in SCHEDULES.items():
        done = walk(usual, days)
        ordered = sorted(done.indices)
        numbers = (statistics.median(ordered), ordered[int(0.99 * len(ordered))], ordered[-1])
        print(f"{name:>28}{len(ordered):8}" + "".join(f"{n:8.3f}" for n in numbers) + f"  {len(done.asked)}")
    print(
        f"changed on {middle:%Y-%m-%d}, reference made monthly: days until each training asked for from then on"
    )
    for change in (slower, scattered):
        done = walk(seen(changed(runs, middle, change)), SCHEDULES["monthly"])
        days_after = [(at - middle) / timedelta(days=1) for at in done.asked if at >= middle]
        print(f"  {change.__name__:10} {', '.join(f'{days:.1f}' for days in days_after) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
