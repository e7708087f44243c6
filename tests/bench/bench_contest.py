"""Challenger against champion on real runs: how the figures that decide differ from one training to the next.

``python tests/bench/bench_contest.py`` reads the development series from SELFHEAL_DATA or ../shared/data. Every 20
days a model is trained on the 90 days before, as train_baselines does, and replayed against the model before it. The
third column of each pair is a model that was trained without the last 30 of these days: what it is worth to have
seen the runs that are replayed.
"""

import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from selfheal.detect.contest import why_worse
from selfheal.detect.features import MIN_SECONDS
from selfheal.detect.learner import ForestLearner, figures_of
from selfheal.detect.model import GlobalModel, dump, embedded_model
from selfheal.detect.stream import measurement
from selfheal.domain.errors import TooLittleHistory
from selfheal.domain.measurement import Measurement
from selfheal.domain.model import Figures
from tests.bench.streams.development import available, data_folder, development

BUDGET = 5.0
EVERY = timedelta(days=20)
TRAINED_ON = timedelta(days=90)
UNSEEN = timedelta(days=30)
LEARNER = ForestLearner(BUDGET, MIN_SECONDS)


def trained(runs: Sequence[Measurement], at: datetime) -> GlobalModel | None:
    """A model, None where there is too little history."""
    try:
        return LEARNER.train(runs, at=at)
    except TooLittleHistory:
        return None


def shown(figures: Figures | None) -> str:
    """Alarms per 1,000, share caught, share ranked; blank without a model."""
    if figures is None:
        return " " * 20
    return f"{figures.alarms_per_1000:7.1f}{figures.caught:6.3f}{figures.ranked:7.3f}"


def main() -> int:
    """Print a row for each training, then the largest differences in rank."""
    if not available():
        print(f"skipped: no series in {data_folder()} (set SELFHEAL_DATA)")
        return 0
    runs = [measurement(run)[0] for run in development()]
    now, champion, to_champion, to_unseen, seconds = (
        runs[0].started_at + TRAINED_ON,
        embedded_model(),
        [],
        [],
        [],
    )
    print("day         runs" + "".join(f"{name:>20}" for name in ("challenger", "champion", "unseen")))
    while now < runs[-1].started_at:
        past = [run for run in runs if now - TRAINED_ON <= run.started_at < now]
        start = time.perf_counter()
        if challenger := trained(past, now):
            seconds.append(time.perf_counter() - start)
            ours, theirs = (figures_of(LEARNER.replay(model, past)) for model in (challenger, champion))
            blind = trained([run for run in past if run.started_at < now - UNSEEN], now)
            other = figures_of(LEARNER.replay(blind, past)) if blind else None
            to_champion.append(abs(ours.ranked - theirs.ranked))
            to_unseen += [abs(ours.ranked - other.ranked)] if other else []
            row = "".join(shown(each) for each in (ours, theirs, other))
            print(f"{now:%Y-%m-%d}{ours.runs:6}{row}  {why_worse(ours, theirs, BUDGET)}", flush=True)
            champion = challenger
        now += EVERY
    print(
        f"largest difference in rank: to the champion {max(to_champion):.3f}, to the unseen {max(to_unseen):.3f}"
    )
    print(
        f"seconds to train: {min(seconds):.1f} to {max(seconds):.1f}; bytes of the last model: {len(dump(champion))}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
