"""The deployed train_baselines, with the rights it is deployed with, on the local lake."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from local.clients import client
from local.records import Models, Records, models
from local.state import CloudState
from selfheal.adapters.s3 import S3Lake
from selfheal.detect.drift import DRIFTED
from selfheal.domain.measurement import Measurement
from selfheal.domain.model import EMBEDDED, ModelEvent
from selfheal.domain.run import PipelineKey, RunStatus, Service
from selfheal.steps.ingest_run import run_measured
from tests.local.conftest import ActAs

LONGEST_TRAINING = 280.0

pytestmark = pytest.mark.local


@pytest.fixture
def found(state: CloudState) -> Models:
    outputs = state.outputs
    return models(
        client(state, "dynamodb"), outputs["TableName"], client(state, "s3"), outputs["LakeBucketName"]
    )


def invoke(state: CloudState, function: str, event: object) -> Any:
    name = state.outputs[f"{function}FunctionName"]
    reply = client(state, "lambda", LONGEST_TRAINING).invoke(FunctionName=name, Payload=json.dumps(event))
    answer = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, answer
    return answer


def forget_the_champion(state: CloudState, function: str) -> None:
    """A function looks at the pointer every five minutes; with another size it gets new workers at once."""
    name = state.outputs[f"{function}FunctionName"]
    client(state, "lambda").update_function_configuration(FunctionName=name, MemorySize=640)


def train(state: CloudState, reason: str) -> Any:
    return invoke(state, "TrainBaselines", {"reason": reason})


def history(now: datetime, pipelines: int = 18, runs: int = 60) -> list[Measurement]:
    """An hour apart, ending an hour ago: every pipeline with its own pace and spread."""
    rng = Random(11)
    return [
        Measurement(
            run_id=f"lake-{pipeline}:{n}",
            pipeline=PipelineKey(Service.CODEBUILD, f"lake-{pipeline}"),
            status=RunStatus.SUCCEEDED,
            started_at=now - timedelta(hours=runs - n, minutes=pipeline),
            duration_seconds=(100 * (pipeline + 1)) * rng.lognormvariate(0, 0.1),
            phases={"BUILD": (80 * (pipeline + 1)) * rng.lognormvariate(0, 0.1)},
        )
        for pipeline in range(pipelines)
        for n in range(runs)
    ]


def test_the_deployed_function_trains_on_the_lake_and_its_model_serves(
    state: CloudState, stored: Records, found: Models
) -> None:
    assert found.store.champion().version == EMBEDDED
    skipped = train(state, "schedule")
    assert (skipped["result"], skipped["version"]) == ("skipped", "")
    assert train(state, "drift-check")["result"] == "steady"  # no model that runs could drift from

    S3Lake(client(state, "s3"), state.outputs["LakeBucketName"]).put(history(datetime.now(UTC)))
    done = train(state, "schedule")
    assert done["result"] == "promoted", done
    assert found.store.champion().version == done["version"]
    [record] = found.store.newest(9)
    assert record.version == done["version"]
    assert record.pipelines >= 18  # and what other tests have built before
    assert [entry.event for entry in found.ledger.recent(9)] == [ModelEvent.PROMOTED, ModelEvent.SKIPPED]
    checked = train(state, "drift-check")
    assert (checked["result"], checked["champion"]) == ("steady", done["version"])
    assert checked["drift"] < DRIFTED

    stored.runs.save(a_run := history(datetime.now(UTC), pipelines=1, runs=1)[0])
    forget_the_champion(state, "ScoreRun")
    scored = invoke(state, "ScoreRun", {"detail": run_measured(a_run)})
    assert scored["model"] == done["version"]


def test_training_writes_models_and_no_measurements_and_reads_no_runs(
    state: CloudState, act_as: ActAs
) -> None:
    """That it may write to one partition of the table only is a condition which the local cloud does not evaluate."""
    table, bucket = state.outputs["TableName"], state.outputs["LakeBucketName"]
    written = [
        act_as("TrainBaselines", "s3", "put_object", Bucket=bucket, Key=key)
        for key in ("models/probe/x", "measurements/x")
    ]
    assert written == ["allowed", "AccessDenied"]
    assert act_as("TrainBaselines", "s3", "delete_object", Bucket=bucket, Key="models/x") == "AccessDenied"
    key = {"pk": {"S": "RUN#shop:1"}, "sk": {"S": "RUN"}}
    assert (
        act_as("TrainBaselines", "dynamodb", "update_item", TableName=table, Key=key)
        == "AccessDeniedException"
    )
