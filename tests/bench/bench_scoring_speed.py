"""Times scoring: the whole path beside rrcf and bare krcf, fresh and warm, and how it grows with history.

``make bench BENCH=scoring_speed ARGS="--long"``. Needs .venv-bench. ``--long`` takes histories up to 100,000 runs and
lakes up to 10,000 pipelines (about 15 minutes); without it, a tenth of both.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.ours import own_vectors, scorer
from tests.bench.peers.forests import krcf_scores, rrcf_scores
from tests.bench.peers.vectors import Point
from tests.bench.speed_tasks import a_run
from tests.bench.streams.stream import RunDict

TASKS = Path(__file__).with_name("speed_tasks.py")
HISTORY = 256


def in_own_process(task: str, number: int) -> dict[str, Any]:
    """What a task measured of itself in a new process."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, str(TASKS), task, str(number)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def processor_seconds(work: Callable[[], object]) -> float:
    """Processor seconds of one call."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values stay below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def warm_times(runs: Sequence[RunDict], clock: Callable[[], float]) -> list[float]:
    """Seconds of each score of the whole path, once the pipeline has its full window."""
    stream, times = scorer(), []
    for run in runs:
        begun = clock()
        stream.score(run)
        times.append(clock() - begun)
    return times[HISTORY:]


def side_by_side(runs: Sequence[RunDict], rounds: int) -> None:
    """Scores per processor second: the whole path, and two forests on ready features; best of the rounds, in turn."""
    points = [Point("all", vector) for vector in own_vectors(runs)]
    whole, bare, python = [], [], []
    for _ in range(rounds):
        whole.append(len(runs[HISTORY:]) / sum(warm_times(runs, time.process_time)))
        bare.append(len(points) / processor_seconds(lambda: krcf_scores(points)))
        python.append(len(points) / processor_seconds(lambda: rrcf_scores(points)))
    for name, rates in (
        ("Selfheal: features, forest rebuilt, threshold", whole),
        ("krcf, 50 trees, streaming, features given", bare),
        ("rrcf, 50 trees, streaming, features given", python),
    ):
        print(f"{name:48}{max(rates):10.1f} scores/s{max(rates) / max(whole):10.2f} of ours")


def show_latency(runs: Sequence[RunDict], rounds: int) -> None:
    """Milliseconds of one score, warm and in a fresh process, and the memory of the latter."""
    warm = [1000 * each for each in warm_times(runs, time.perf_counter)]
    print(f"warm: p50 {quantile(warm, 0.5):.1f} ms, p95 {quantile(warm, 0.95):.1f} ms")
    fresh = [in_own_process("fresh", HISTORY) for _ in range(rounds)]
    for what, key in (("import, model and first score", "ms"), ("first score alone", "score_ms")):
        times = [each[key] for each in fresh]
        print(f"fresh process, {what}: p50 {quantile(times, 0.5):.1f} ms, p95 {quantile(times, 0.95):.1f} ms")
    print(f"fresh process: peak memory {max(each['mib'] for each in fresh):.0f} MiB")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rng = random.Random(1)
    runs = [a_run(number, 0, rng) for number in range(3 * HISTORY)]
    side_by_side(runs, arguments.rounds)
    show_latency(runs, 5 * arguments.rounds)
    most = 5 if arguments.long else 4
    for history in (10**power for power in range(2, most + 1)):
        found = in_own_process("growth", history)
        print(
            f"{history:8d} runs of a pipeline: {found['ms']:.1f} ms a score, {found['mib']:.0f} MiB",
            flush=True,
        )
    for pipelines in (10**power for power in range(1, most)):
        found = in_own_process("training", pipelines)
        print(
            f"{pipelines:8d} pipelines: trained on {found['pipelines']} in {found['seconds']:.1f} s "
            f"(reading them {found['reading']:.1f} s more), {found['mib']:.0f} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
