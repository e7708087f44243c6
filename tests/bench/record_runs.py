"""Records what the deployed functions ask of AWS for each run: calls, bytes and units, counted at the wire.

The handlers of ingest_run and score_run work through the runs of one pipeline with their real adapters on moto; only
what reads builds is in memory (its calls are free of charge). The last runs are counted, when the window is full.
"""

import contextlib
import io
import json
import math
import os
import random
import statistics
import sys
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import boto3
from moto import mock_aws

from selfheal import runtime as runtime_module
from selfheal.adapters.session import Clients
from selfheal.domain.run import Phase, RunStatus
from selfheal.runtime import Runtime
from selfheal.settings import Settings
from selfheal.testing.builders import NOON, SHOP, a_run
from selfheal.testing.models import MemoryForest
from selfheal.testing.service import FakeService, FixedClock
from tests.unit.test_functions import invoke

TABLE, BUCKET, BUS = "cost", "cost-lake", "cost"
WINDOW, COUNTED = 260, 40
ENVIRONMENT = {
    "SELFHEAL_TABLE": TABLE,
    "SELFHEAL_LAKE_BUCKET": BUCKET,
    "SELFHEAL_LEDGER_BUCKET": BUCKET,
    "SELFHEAL_BUS": BUS,
    "SELFHEAL_ACTOR": "cost-execute-action",
    "SELFHEAL_ALERT_BUDGET": "5",
    "SELFHEAL_ANOMALY_MIN_SECONDS": "10",
    "SELFHEAL_PIPELINE_METRICS": "all",
}
WRITES = ("PutItem", "UpdateItem", "TransactWriteItems", "BatchWriteItem", "DeleteItem")


class Wire:
    """Counts what goes over it while ``on``."""

    def __init__(self) -> None:
        self.on = False
        self.counts: Counter[str] = Counter()

    def watch(self, client: Any) -> None:
        """Count the calls of a client from now on."""
        client.meta.events.register("before-call", self._asked)
        client.meta.events.register("after-call", self._answered)

    def _asked(self, model: Any, params: Any, **_: Any) -> None:
        if not self.on:
            return
        body = params["body"] if isinstance(params["body"], bytes) else b""
        self.counts[f"{model.service_model.service_name}:{model.name}"] += 1
        if model.name in WRITES:
            copies = 2 if b"feed_pk" in body else 1  # the index holds the item once more
            twice = 2 if model.name == "TransactWriteItems" else 1
            self.counts["write units"] += copies * twice * math.ceil(len(body) / 1024)

    def _answered(self, http_response: Any, model: Any, **_: Any) -> None:
        if self.on and model.service_model.service_name == "dynamodb" and model.name not in WRITES:
            # Half a unit for each 4 KB: what is read consistently is small, and counted as if it were not.
            self.counts["read units"] += math.ceil(len(http_response.content) / 4096) / 2  # type: ignore[assignment]


class WatchedClients(Clients):
    """Clients whose calls are counted."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def __call__(self, service: str) -> Any:
        """See Clients."""
        new = service not in self._made
        client = super().__call__(service)
        if new:
            self._wire.watch(client)
        return client


def main() -> int:
    """Print the recording as JSON: everything per run, and how it was taken."""
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_METRICS_NAMESPACE": "Selfheal",
        "POWERTOOLS_SERVICE_NAME": "selfheal",
    }
    with mock_aws():
        print(json.dumps(recorded(), indent=1))
    return 0


def recorded() -> dict[str, Any]:
    """See the module."""
    wire, service, clock = Wire(), FakeService(), FixedClock()
    world = Runtime(Settings(ENVIRONMENT))
    vars(world).update(
        _clients=WatchedClients(wire), clock=clock, reader=service, reports=service, metrics=service,
        log_sizes=service, deployment_steps=service, hosted_forest=MemoryForest(),
    )  # fmt: skip
    runtime_module.runtime = world
    make_stores()
    log_bytes = 0
    for n in range(WINDOW + COUNTED):
        wire.on = n >= WINDOW
        clock.advance(600)
        spoken = io.StringIO()
        with contextlib.redirect_stdout(spoken):
            for function, event in events(service, n, clock):
                invoke(function, event)
        log_bytes += len(spoken.getvalue()) if wire.on else 0
    return {
        "runs": COUNTED,
        "window": WINDOW,
        "calls": {name: count / COUNTED for name, count in sorted(wire.counts.items())},
        "score_seconds": round(score_seconds(world), 4),
        "log_bytes": round(log_bytes / COUNTED),
        "python": sys.version.split()[0],
    }


def events(service: FakeService, n: int, clock: FixedClock) -> list[tuple[str, Any]]:
    """What one ordinary build makes happen: its event through the queue, then that it was measured."""
    run_id = f"shop:{n}"
    rng = random.Random(n)
    usual = {
        "PROVISIONING": 8.0,
        "DOWNLOAD_SOURCE": 5.0,
        "INSTALL": 20.0,
        "BUILD": 60.0,
        "UPLOAD_ARTIFACTS": 4.0,
    }
    phases = tuple(
        Phase(name, "SUCCEEDED", each * rng.lognormvariate(0, 0.1)) for name, each in usual.items()
    )
    started = NOON + timedelta(minutes=10 * n)
    service.add(
        a_run(
            run_id,
            RunStatus.SUCCEEDED,
            started_at=started,
            ended_at=started + timedelta(seconds=90),
            phases=phases,
        )
    )
    build = f"arn:aws:codebuild:us-east-1:111122223333:build/{run_id}"
    detail = {"build-status": "SUCCEEDED", "project-name": "shop", "build-id": build}
    body = {"source": "aws.codebuild", "detail-type": "CodeBuild Build State Change", "detail": detail}
    message = {"messageId": str(n), "body": json.dumps(body)}
    measured = {"run_id": run_id, "pipeline": "codebuild:shop", "status": "SUCCEEDED"}
    return [("ingest_run", {"Records": [message]}), ("score_run", {"detail": measured})]


def make_stores() -> None:
    """The table, the bucket and the bus."""
    names = ("pk", "sk", "feed_pk", "feed_sk")
    feed = [{"AttributeName": "feed_pk", "KeyType": "HASH"}, {"AttributeName": "feed_sk", "KeyType": "RANGE"}]
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {"IndexName": "feed", "KeySchema": feed, "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    boto3.client("events").create_event_bus(Name=BUS)


def score_seconds(world: Runtime) -> float:
    """Processor time of one score with a full window: the median of 40."""
    until = world.clock.now()
    history = [stored.measurement for stored in world.runs.history(SHOP, until, WINDOW + COUNTED)]
    detector, taken = world.detector, []
    for place in range(COUNTED):
        begun = time.process_time()
        detector.score(history[place], history[place + 1 : place + 257])
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(main())
