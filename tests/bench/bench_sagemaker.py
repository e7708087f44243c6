"""The two backends side by side on the development series, with SageMaker simulated (local/sagemaker).

    SELFHEAL_DATA=... python tests/bench/bench_sagemaker.py [--scores 300] [--days 90]

The whole series goes into a lake, and all of it or its last days are trained on. The embedded forest is trained
on the whole as train_baselines does, the hosted one by the pipeline; both judge the same rows of the evaluation
part. The algorithm behind the endpoint is a krcf forest of 100 trees: what is compared is the way, not the algorithm
that AWS runs.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from local.sagemaker.proof import BUCKET, STACK, Proof, proof
from selfheal.adapters.clock import SystemClock
from selfheal.detect.alarm import level_of
from selfheal.detect.detector import WINDOW, Detector
from selfheal.detect.evaluation import (
    EVALUATION,
    Row,
    average_precision,
    batch_scores,
    figures_on,
    raw_scores,
    row_of_line,
)
from selfheal.detect.hosted import Hosted, HostedModel, load_hosted
from selfheal.detect.model import GlobalModel
from selfheal.detect.normal import isolations
from selfheal.detect.stream import measurement
from selfheal.detect.training import train
from selfheal.domain.measurement import Measurement
from selfheal.domain.score import Level
from selfheal.testing.models import MemoryModelLedger
from tests.bench.streams.development import available, data_folder, development

BUDGET = 5.0


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scores", type=int, default=300)
    parser.add_argument("--days", type=int, default=0, help="the last days of the series; 0: all")
    asked = parser.parse_args()
    if not available():
        print(f"skipped: no series in {data_folder()} (set SELFHEAL_DATA)")
        return 0
    runs = [measurement(run)[0] for run in development()]
    until = runs[-1].started_at + timedelta(hours=1)
    days = asked.days or (until - runs[0].started_at).days + 1
    begun = time.perf_counter()
    embedded = train(runs, at=until)
    seconds = time.perf_counter() - begun
    pipelines = len({run.pipeline for run in runs})
    print(f"{len(runs):,} runs of {pipelines} pipelines; the embedded forest is trained in {seconds:.0f} s")
    with proof(Days=days) as world:
        world.fill(runs)
        begun = time.perf_counter()
        execution = world.train(until)
        seconds = time.perf_counter() - begun
        print(f"pipeline: {execution.status} in {seconds:.0f} s, in simulated containers")
        if execution.failure:
            print(execution.steps[-1])
            return 1
        compare(world, embedded)
        latency(world, embedded, runs, asked.scores)
    return 0


def compare(world: Proof, embedded: GlobalModel) -> None:
    """Scores and alarms of both on the same rows."""
    (package,) = world.hosting.packages.values()
    given = package["CustomerMetadataProperties"]
    rows = list(map(row_of_line, _text(world, f"{given['rows']}/rows.ndjson").splitlines()))
    hosted = load_hosted(_bytes(world, f"{given['thresholds']}/model.bin"))
    shared = batch_scores(_text(world, f"{given['scores']}/vectors.csv.out"), len(rows))
    ours = raw_scores(rows, isolations(embedded, [row.vector for row in rows]), 1.0)
    theirs = raw_scores(rows, shared, hosted.unit)
    print("\n| backend | runs | alarms per 1,000 | caught | ranked | mean precision |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, raw, model in (("embedded", ours, embedded), ("sagemaker, simulated", theirs, hosted)):
        done = figures_on(rows, raw, model.scores, BUDGET)
        print(
            f"| {name} | {done.runs:,} | {done.alarms_per_1000:.1f} | {done.caught:.3f} | {done.ranked:.3f} | "
            f"{average_precision(rows, raw):.3f} |"
        )
    agreement(rows, ours, theirs, embedded, hosted)


def agreement(
    rows: Sequence[Row], ours: Sequence[float], theirs: Sequence[float], one: GlobalModel, other: HostedModel
) -> None:
    """Rank correlation, and how often both alarm or both do not: by their own tables, and at equally many alarms."""
    judged = [place for place, row in enumerate(rows) if row.part == EVALUATION]
    ordinary = [place for place in judged if not rows[place].odd]
    for name, places in (("all rows", judged), ("runs as they were", ordinary)):
        rank = spearman([ours[p] for p in places], [theirs[p] for p in places])
        print(f"rank correlation of scores, {name}: {rank:.4f}")
    first = [_alarms(rows[p], ours[p], one) for p in judged]
    second = [_alarms(rows[p], theirs[p], other) for p in judged]
    print(f"same verdict by their own tables: {same(first, second):.4f} of {len(judged):,} rows")
    cut, other_cut = (_cut([raw[p] for p in ordinary]) for raw in (ours, theirs))
    both = same([ours[p] > cut for p in judged], [theirs[p] > other_cut for p in judged])
    print(f"same verdict at {BUDGET:g} false alarms per 1,000 each: {both:.4f}")


def latency(world: Proof, embedded: GlobalModel, runs: Sequence[Measurement], count: int) -> None:
    """A whole score, embedded and through the endpoint, in turns in one process."""
    promoter = world.promoter(MemoryModelLedger(), SystemClock(), budget=1000.0)
    world.consider(promoter)
    if not world.models.champion().moving:
        (package,) = world.hosting.packages.values()
        promoter.endpoint.go_to("bench", package["ModelPackageArn"])
    world.hosting.arrive(f"{STACK}-forest")
    (package,) = world.hosting.packages.values()
    model = load_hosted(_bytes(world, f"{package['CustomerMetadataProperties']['thresholds']}/model.bin"))
    forest = world.forest()
    detectors = {
        "embedded": Detector(embedded),
        "endpoint, simulated": Detector(
            embedded, hosted=Hosted(model, lambda vector: forest.scores([vector])[0])
        ),
    }
    busiest = max({run.pipeline for run in runs}, key=lambda key: sum(run.pipeline == key for run in runs))
    history = [run for run in runs if run.pipeline == busiest]
    taken: dict[str, list[float]] = {name: [] for name in detectors}
    for place in range(len(history) - min(count, len(history) - WINDOW), len(history)):
        before = history[place - WINDOW : place][::-1]
        for name, detector in detectors.items():
            taken[name].append(timed(lambda d=detector, p=place, b=before: d.score(history[p], b)))  # type: ignore[misc]
    print("\n| score | p50 ms | p95 ms |\n| --- | --- | --- |")
    for name, seconds in taken.items():
        cuts = statistics.quantiles(seconds, n=100)
        print(f"| {name} | {1000 * cuts[49]:.1f} | {1000 * cuts[94]:.1f} |")


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation; equals share their mean rank."""
    return statistics.correlation(_ranks(first), _ranks(second))


def same(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Share of equal verdicts."""
    return sum(a == b for a, b in zip(first, second, strict=True)) / max(len(first), 1)


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    place = 0
    while place < len(order):
        end = place
        while end + 1 < len(order) and values[order[end + 1]] == values[order[place]]:
            end += 1
        for each in order[place : end + 1]:
            ranks[each] = (place + end) / 2
        place = end + 1
    return ranks


def _alarms(row: Row, score: float, model: GlobalModel | HostedModel) -> bool:
    return level_of(model.scores.p_value(score), BUDGET, row.notable, shift=False) is not Level.NONE


def _cut(scores: Sequence[float]) -> float:
    return sorted(scores, reverse=True)[round(BUDGET * len(scores) / 1000)]


def _bytes(world: Proof, uri: str) -> bytes:
    body: bytes = world.s3.get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    return body


def _text(world: Proof, uri: str) -> str:
    return _bytes(world, uri).decode()


if __name__ == "__main__":
    sys.exit(main())
