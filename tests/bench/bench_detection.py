"""Holds the detector against its peers: development and generated streams, anomalies at known places.

``make bench BENCH=detection ARGS="--seeds 1 2 3 --streams workflow trigger generated"``. Needs .venv-bench and, but for
the generated stream, ``runs/`` in the folder SELFHEAL_DATA or ../shared/data. ``--slow`` lets rrcf take part.
All detectors see the same runs in the same order, each scored before it is learnt, and are judged on the same runs.
"""

import argparse
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass

from tests.bench.contest import Contest, Standing
from tests.bench.measures import mean_and_deviation
from tests.bench.ours import verdicts
from tests.bench.peers.entrants import CHARTS, PEERS, SLOW, Entry
from tests.bench.streams.development import available, development
from tests.bench.streams.generated import generated
from tests.bench.streams.inject import inject, shift
from tests.bench.streams.stream import WARM_UP, Stream
from tests.bench.verdicts import (
    BUDGETS,
    Alarms,
    Blames,
    Shift,
    alarms_at,
    blames,
    calibrated_abroad,
    shifts_seen,
)

OURS = "Selfheal"
STREAMS: dict[str, Callable[[int], Stream]] = {
    "workflow": lambda seed: inject(development(), seed),
    "trigger": lambda seed: inject(development(by_trigger=True), seed),
    "passed": lambda seed: inject(development(failures=False), seed),
    "generated": lambda seed: generated(seed, pipelines=12, runs=500),
}
SHIFTED: dict[str, Callable[[int], Stream]] = {
    "workflow": lambda seed: shift(development(), seed),
    "trigger": lambda seed: shift(development(by_trigger=True), seed),
    "passed": lambda seed: shift(development(failures=False), seed),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One stream with one seed: how everybody stood, and what our alarms were like."""

    standings: dict[str, Standing]
    alarms: dict[float, Alarms]
    alarms_abroad: dict[float, Alarms]
    blames: Blames
    kinds: dict[str, tuple[int, int]]
    shifts: list[Shift]


def run_stream(name: str, warm_up: int, slow: bool, peers: bool, seed: int) -> Outcome:
    """Everybody on one stream."""
    contest = Contest.on(STREAMS[name](seed), warm_up)
    entry, found = Entry(contest), verdicts(contest.stream.runs)
    standings = {OURS: contest.standing([float(verdict["score"]) for verdict in found])}
    for peer, scores in PEERS.items():
        if (peers or peer in CHARTS) and (slow or peer not in SLOW):
            standings[peer] = contest.standing(scores(entry))
    abroad = calibrated_abroad(contest, found)
    at_five = alarms_at(contest, found, 5.0)
    return Outcome(
        standings,
        {budget: alarms_at(contest, found, budget) for budget in BUDGETS},
        {budget: alarms_at(contest, abroad, budget) for budget in BUDGETS},
        blames(contest, found),
        contest.recall_by_kind(at_five.alarmed),
        shifts_seen(contest.stream, found) if contest.stream.shifts else run_shifts(name, seed),
    )


def run_shifts(name: str, seed: int) -> list[Shift]:
    """Our detector on the same runs with a level shift in each pipeline in place of single anomalies."""
    stream = SHIFTED[name](seed)
    return shifts_seen(stream, verdicts(stream.runs))


def show_standings(outcomes: Sequence[Outcome]) -> None:
    """Mean and deviation over seeds of each measure, and each area as a multiple of the better chart's."""
    print(f"{'':42}{'AP':>14}{'x charts':>10}{'equal alarms':>16}{'at 5/1000':>14}")
    better = [max(outcome.standings[chart].area for chart in CHARTS) for outcome in outcomes]
    for name in outcomes[0].standings:
        standings = [outcome.standings[name] for outcome in outcomes]
        area, equal, five = (mean_and_deviation(each) for each in zip(*map(astuple, standings), strict=True))
        times, _ = mean_and_deviation([s.area / b for s, b in zip(standings, better, strict=True)])
        print(f"{name:42}{_spread(area):>14}{times:10.2f}{_spread(equal):>16}{_spread(five):>14}")


def show_alarms(outcomes: Sequence[Outcome]) -> None:
    """Our alarms at each budget, what was caught of each kind, and whether the blame was right."""
    for budget in BUDGETS:
        show_budget(budget, "", [outcome.alarms[budget] for outcome in outcomes])
        show_budget(
            budget, " (calibrated on the others)", [outcome.alarms_abroad[budget] for outcome in outcomes]
        )
    for kind in sorted({kind for outcome in outcomes for kind in outcome.kinds}):
        pairs = [outcome.kinds.get(kind, (0, 0)) for outcome in outcomes]
        print(f"  {kind:14}{sum(caught for caught, _ in pairs):5d} of {sum(of for _, of in pairs)}")
    right = Blames(*(sum(counts) for counts in zip(*(astuple(o.blames) for o in outcomes), strict=True)))
    print(f"blame right first: {right.right} of {right.blamed} alarms on odd runs", end=", ")
    print(f"{right.single_right} of {right.single} where one metric alone was made odd")


def show_budget(budget: float, how: str, alarms: Sequence[Alarms]) -> None:
    """The false alarms and the recall that a budget gave."""
    false = mean_and_deviation([each.false_per_thousand for each in alarms])
    caught = mean_and_deviation([each.recall for each in alarms])
    print(f"budget {budget:g}/1000{how}: false alarms {_spread(false, 1)}, caught {_spread(caught)}")


def show_shifts(outcomes: Sequence[Outcome]) -> None:
    """How soon our detector says that there is a new level, and how many alarms follow."""
    seen = [each for outcome in outcomes for each in outcome.shifts]
    delays = [each.delay for each in seen if each.delay is not None]
    soon = sum(delay < 10 for delay in delays)
    after = sorted(each.alarm_check for each in seen)
    print(f"level shifts: {soon} of {len(seen)} seen within 10 runs, {len(delays)} at all", end="; ")
    print(f"alarms in the 100 runs after: median {after[len(after) // 2]}, most {after[-1]}")


def _spread(measured: tuple[float, float], digits: int = 3) -> str:
    mean, deviation = measured
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}"


def main() -> None:
    """Print one table per stream."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", nargs="+", choices=STREAMS, default=["workflow", "trigger", "generated"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help="runs of a pipeline that are not judged")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    arguments = parser.parse_args()
    for name in arguments.streams:
        if name != "generated" and not available():
            print(f"{name}: skipped, the real series are not at hand (set SELFHEAL_DATA)")
            continue
        work = functools.partial(run_stream, name, arguments.warm_up, arguments.slow, arguments.peers)
        with ProcessPoolExecutor(2) as pool:
            outcomes = list(pool.map(work, arguments.seeds))
        odd = [sum(of for _, of in outcome.kinds.values()) for outcome in outcomes]
        print(f"\n== {name}, seeds {arguments.seeds}, odd runs {odd}")
        show_standings(outcomes)
        show_alarms(outcomes)
        show_shifts(outcomes)


if __name__ == "__main__":
    main()
