"""`make sagemaker-proof`: the whole way of a hosted forest on this machine, on generated runs or on a file of them.

``python -m local.sagemaker [--runs FILE]``: FILE as `selfheal score` reads it (docs/detection.md). Prints JSON.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.sagemaker import SIMULATED
from local.sagemaker.pipelines import Execution
from local.sagemaker.proof import Proof, proof
from selfheal.adapters.clock import SystemClock
from selfheal.detect.detector import Detector
from selfheal.detect.model import embedded_model
from selfheal.detect.stream import measurement
from selfheal.domain.measurement import Measurement
from selfheal.domain.model import ModelEntry
from selfheal.domain.run import PipelineKey, RunStatus
from selfheal.steps.serve_hosted import HostedServer
from selfheal.wire import encode

PIPELINES, DAYS, A_DAY = 60, 20, 4
START = datetime(2026, 1, 1, tzinfo=UTC)


class _Entries:
    """ModelLedger that keeps what was decided for the output."""

    def __init__(self) -> None:
        self.written: list[ModelEntry] = []

    def append(self, entry: ModelEntry) -> bool:
        self.written.append(entry)
        return True

    def recent(self, limit: int) -> list[ModelEntry]:
        return self.written[::-1][:limit]


def main(arguments: list[str]) -> int:
    """The exit code: 0 when the endpoint scored a run in the end."""
    parser = argparse.ArgumentParser(prog="python -m local.sagemaker", description=__doc__)
    parser.add_argument("--runs", type=Path, help="a file of runs, one JSON object a line")
    asked = parser.parse_args(arguments)
    runs = list(_read(asked.runs) if asked.runs else generated())
    with proof() as world:
        found = shown(world, runs)
    print(json.dumps(found, indent=1))
    return 0 if found.get("score", {}).get("detector") == "endpoint" else 1


def shown(world: Proof, runs: list[Measurement]) -> dict[str, Any]:
    """What became of these runs at every station; it ends where something was refused."""
    runs.sort(key=lambda run: run.started_at)
    world.fill(runs)
    until = runs[-1].started_at + timedelta(hours=1)
    begun = time.perf_counter()
    execution = world.train(until)
    found: dict[str, Any] = {
        "simulated": SIMULATED,
        "runs": len(runs),
        "seconds_to_train": round(time.perf_counter() - begun, 1),
        "pipeline": execution.steps,
    }
    return found if execution.failure else found | _promoted(world, execution, runs, until)


def _promoted(world: Proof, execution: Execution, runs: list[Measurement], until: datetime) -> dict[str, Any]:
    entries = _Entries()
    promoter = world.promoter(entries, SystemClock())
    contest = encode(world.consider(promoter))
    found = {"contest": contest, "record": len(entries.written)}
    if contest["result"] != "promoted":
        return found
    settled = world.arrive(promoter)
    hosted = HostedServer(world.models, world.forest(), SystemClock(), lambda why: None).current()
    of_last = [run for run in runs if run.pipeline == runs[-1].pipeline][-257:]
    score = Detector(embedded_model(), hosted=hosted).score(of_last[-1], of_last[-2::-1])
    return {**found, "endpoint": settled.reason, "score": encode(score), "execution": execution.arn}


def generated() -> Iterator[Measurement]:
    """Ordinary runs of 60 pipelines over 20 days."""
    rng = random.Random(4)  # noqa: S311 - sample data, not a secret
    for n in range(DAYS * A_DAY):
        for number in range(PIPELINES):
            seconds = 100.0 * (1 + number) * rng.lognormvariate(0, 0.1)
            yield Measurement(
                f"p{number}:{n}",
                PipelineKey.parse(f"codebuild:p{number}"),
                RunStatus.SUCCEEDED,
                START + timedelta(hours=24 * n / A_DAY, seconds=number),
                seconds,
                {"BUILD": 0.7 * seconds * rng.lognormvariate(0, 0.05)},
            )


def _read(path: Path) -> Iterator[Measurement]:
    return (measurement(json.loads(line))[0] for line in path.read_text().splitlines() if line.strip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
