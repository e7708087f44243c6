"""What a month costs with either backend: a recorded local run, the template, and the price table.

    python tests/bench/bench_cost.py

``recordings/runs.json`` holds what ingest_run and score_run ask of AWS for each run (made by record_runs.py), and
``aws_prices.toml`` the prices. What is assumed beside them stands in the constants below and on docs/cost.md, where
a contract test compares the tables.
"""

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "layers/core")]

from selfheal.metrics import FEW, UNITS  # noqa: E402
from tests.contract.machine import machine  # noqa: E402
from tests.contract.transformed import of_type  # noqa: E402

RECORDED: dict[str, Any] = json.loads((HERE / "recordings/runs.json").read_text())
PRICES: dict[str, Any] = tomllib.loads((HERE / "aws_prices.toml").read_text())
SIZES = (1_000, 100_000, 10_000_000)
RUNS_OF_A_PIPELINE = 1000
INCIDENTS = 0.05
MODEL_DOLLARS = 0.22 / 1000  # for an incident, from bench_model_cost.py
METRICS_OF_A_PIPELINE = len(UNITS) + 2  # those, whether the run failed, and its score; at most
# A function waits for its calls, about so long for each; a processor that is a share of one takes as much longer.
CALL_SECONDS = 0.008
WHOLE_PROCESSOR_MB = 1769
HOURS = 730
TRAININGS = 30
LAKE_DAYS = 400
# Of a training, before anything is computed: four jobs that start, some minutes each.
JOB_START_HOURS = 4 / 60
PREPARED_A_SECOND = 4 * 1000  # four workers of an ml.m5.xlarge, docs/benchmarks.md
INVOCATIONS_A_MINUTE = 3000  # of an instance, adapters/sagemaker_hosting.py

Costs = dict[str, float]


def pipelines_of(runs: int) -> int:
    """How many pipelines make so many runs a month."""
    return max(10, runs // RUNS_OF_A_PIPELINE)


def both(runs: int) -> Costs:
    """Dollars of a month that both backends cost, by what they are for."""
    million = PRICES["per_million"]
    calls = RECORDED["calls"]
    pipelines = pipelines_of(runs)
    return {
        "functions": runs
        * (2 * million["lambda_requests"] + gb_seconds() * million["lambda_gb_seconds"])
        / 1e6,
        "table": runs
        * (
            calls["write units"] * million["dynamodb_write_units"]
            + calls["read units"] * million["dynamodb_read_units"]
        )
        / 1e6,
        "lake": runs
        * (calls["s3:PutObject"] * million["s3_puts"] + calls["s3:GetObject"] * million["s3_gets"])
        / 1e6,
        "events and queue": runs * (million["bus_events"] + 3 * million["sqs_requests"]) / 1e6,
        "logs": runs * RECORDED["log_bytes"] / 1e9 * PRICES["per_month"]["log_gb"],
        "metrics and alarms": tiered(pipelines * METRICS_OF_A_PIPELINE)
        + len(of_type("AWS::CloudWatch::Alarm")) * PRICES["per_month"]["alarm"],
        "incidents": runs * INCIDENTS * (MODEL_DOLLARS + transitions() * million["state_transitions"] / 1e6),
    }


def hosted(runs: int) -> Costs:
    """What SageMaker adds."""
    hour = PRICES["per_hour"]
    instances = 1 + int(runs / (HOURS * 60) / INVOCATIONS_A_MINUTE)
    return {
        "endpoint": instances * HOURS * hour["ml.c5.large hosting"],
        "training": TRAININGS * training(runs),
    }


def training(runs: int) -> float:
    """Dollars of one execution of the pipeline: the lake is fetched whole, 90 days of it are worked through."""
    hour: dict[str, float] = PRICES["per_hour"]
    fetched: float = (
        runs / 30 * LAKE_DAYS * RECORDED["calls"]["s3:PutObject"] * PRICES["per_million"]["s3_gets"] / 1e6
    )
    prepared = runs * 3 / PREPARED_A_SECOND / 3600
    return (
        fetched
        + (2 * JOB_START_HOURS + prepared) * hour["ml.m5.xlarge processing"]
        + JOB_START_HOURS * (hour["ml.c5.xlarge training"] + hour["ml.c5.xlarge transform"])
    )


def gb_seconds() -> float:
    """Of one run: ingest_run and score_run with the memory that they have."""
    functions = of_type("AWS::Lambda::Function")
    calls = sum(count for name, count in RECORDED["calls"].items() if ":" in name)
    score, ingest = (functions[f"{name}Function"]["MemorySize"] for name in ("ScoreRun", "IngestRun"))
    busy = RECORDED["score_seconds"] * WHOLE_PROCESSOR_MB / score + calls / 2 * CALL_SECONDS
    return float(score * busy + ingest * calls / 2 * CALL_SECONDS) / 1024


def transitions() -> int:
    """State transitions of an incident that is observed: the way through the machine that needs no action."""
    states, name, count = machine()["States"], machine()["StartAt"], 0
    while name:
        count += 1
        name = states[name].get("Default") or states[name].get("Next", "")
    return count + 1


def tiered(metrics: int) -> float:
    """Dollars of so many custom metrics."""
    dollars, left = 0.0, metrics
    tiers: list[tuple[int, float]] = PRICES["per_month"]["metric_tiers"]
    for size, price in tiers:
        dollars += min(left, size) * price
        left -= min(left, size)
    return dollars


def saved_by_few(runs: int) -> float:
    """Dollars of a month that ``PipelineMetrics=few`` saves."""
    pipelines = pipelines_of(runs)
    return tiered(pipelines * METRICS_OF_A_PIPELINE) - tiered(pipelines * len(FEW))


def rows() -> Iterator[str]:
    """The tables of docs/cost.md, line by line."""
    yield "| US dollars a month | " + " | ".join(f"{runs:,} runs" for runs in SIZES) + " |"
    yield "| --- |" + " --- |" * len(SIZES)
    columns = [both(runs) for runs in SIZES]
    for name in columns[0]:
        yield f"| {name} | " + " | ".join(f"{column[name]:,.2f}" for column in columns) + " |"
    added = [hosted(runs) for runs in SIZES]
    for name in added[0]:
        yield f"| SageMaker: {name} | " + " | ".join(f"{column[name]:,.2f}" for column in added) + " |"
    sums = [sum(column.values()) for column in columns]
    with_hosting = [total + sum(more.values()) for total, more in zip(sums, added, strict=True)]
    for title, found in (("**embedded**", sums), ("**sagemaker**", with_hosting)):
        yield f"| {title} | " + " | ".join(f"**{total:,.2f}**" for total in found) + " |"
    few = [total - saved_by_few(runs) for total, runs in zip(sums, SIZES, strict=True)]
    yield "| embedded, `PipelineMetrics=few` | " + " | ".join(f"{total:,.2f}" for total in few) + " |"
    for title, found in (("embedded, for 1,000 runs", sums), ("sagemaker, for 1,000 runs", with_hosting)):
        each = (1000 * total / runs for total, runs in zip(found, SIZES, strict=True))
        yield f"| {title} | " + " | ".join(f"{dollars:,.3f}" for dollars in each) + " |"


if __name__ == "__main__":
    print("\n".join(rows()))
    print(f"one training: {', '.join(f'{training(runs):.2f}' for runs in SIZES)}")
    print(f"transitions of an observed incident: {transitions()}; GB-seconds of a run: {gb_seconds():.4f}")
