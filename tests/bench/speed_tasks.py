"""What the scoring benchmark times in processes of their own: ``python tests/bench/speed_tasks.py TASK NUMBER``.

Each task prints one JSON object. Growth is told in processor time, which other work on the machine disturbs least.
Memory is the process's highest resident size in MiB, imports included.
"""

import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 1, 1, tzinfo=UTC)
RUNS_PER_PIPELINE = 90
LATEST = 200


def a_run(number: int, pipeline: int, rng: random.Random) -> dict[str, Any]:
    """A run with five phases, tests, CPU and memory, ten minutes after the one before it."""
    phases = {
        name: round(rng.lognormvariate(3, 0.15), 1) for name in ("PROVISIONING", "INSTALL", "BUILD", "TEST")
    }
    return {
        "pipeline": f"codebuild:p{pipeline:05d}",
        "run_id": f"p{pipeline:05d}:{number:07d}",
        "started_at": (START + timedelta(minutes=10 * number)).isoformat(),
        "status": "SUCCEEDED",
        "duration_s": round(sum(phases.values()) + 5, 1),
        "phases": phases,
        "tests": {"total": 500, "failed": 0, "skipped": 3},
        "cpu_percent": round(rng.gauss(60, 4), 1),
        "memory_percent": round(rng.gauss(40, 2), 1),
    }


def peak_mib() -> float:
    """The highest resident size of this process so far; unlike getrusage, without what its parent had."""
    status = Path("/proc/self/status").read_text("ascii")
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)


def fresh(history: int) -> dict[str, Any]:
    """One score in a process that has imported nothing yet: milliseconds from the first import to the verdict.

    The history is at hand as measurements: reading it from the table is not part of this.
    """
    begun = time.perf_counter()
    from selfheal.detect.detector import Detector
    from selfheal.detect.model import embedded_model
    from selfheal.detect.stream import measurement

    detector = Detector(embedded_model(), budget=5.0)
    imported = time.perf_counter() - begun
    rng = random.Random(1)
    runs = [measurement(a_run(number, 0, rng))[0] for number in range(history + 1)]
    begun = time.perf_counter()
    detector.score(runs[-1], runs[-2::-1])
    first = time.perf_counter() - begun
    return {"ms": 1000 * (imported + first), "score_ms": 1000 * first, "mib": peak_mib()}


def growth(history: int) -> dict[str, Any]:
    """A stream of ``history`` runs of one pipeline: processor milliseconds a score at its end, median of the last 200
    or of half of them. Those before are taken in and not scored."""
    from tests.bench.ours import scorer

    stream, rng, times = scorer(), random.Random(1), []
    timed = min(LATEST, history // 2)
    for number in range(history - timed):
        stream.remember(a_run(number, 0, rng))
    for number in range(history - timed, history):
        run = a_run(number, 0, rng)
        begun = time.process_time()
        stream.score(run)
        times.append(time.process_time() - begun)
    return {"ms": 1000 * sorted(times)[len(times) // 2], "mib": peak_mib()}


def training(pipelines: int) -> dict[str, Any]:
    """Training on 90 runs of each of so many pipelines, streamed in order of their start: processor seconds, memory."""
    from selfheal.detect.stream import measurement
    from selfheal.detect.training import train

    rng = random.Random(1)

    def lake() -> Iterator[Any]:
        for number in range(RUNS_PER_PIPELINE):
            for pipeline in range(pipelines):
                yield measurement(a_run(number, pipeline, rng))[0]

    begun = time.process_time()
    for _ in lake():
        pass
    reading = time.process_time() - begun
    begun = time.process_time()
    model = train(lake(), at=START)
    seconds = time.process_time() - begun - reading
    return {"seconds": seconds, "reading": reading, "pipelines": model.pipelines, "mib": peak_mib()}


TASKS = {"fresh": fresh, "growth": growth, "training": training}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](int(sys.argv[2]))))
