"""The stack switched to SageMaker by the real `sam deploy` and back; SageMaker is simulated (local/sagemaker).

Stands after test_train_on_the_local_lake, which counts what the lake and the models' record hold.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local import deploy
from local.clients import client
from local.cloud import LocalCloud
from local.records import Records
from local.sagemaker.pipelines import Execution
from local.sagemaker.services import Simulated, simulated, variables
from local.state import CloudState
from selfheal.adapters.s3 import S3Lake
from selfheal.adapters.s3_models import HOSTED, S3Models
from selfheal.adapters.sagemaker_pipeline import SageMakerPipeline
from selfheal.domain.measurement import Measurement
from selfheal.jobs.bundle import bundle
from selfheal.steps.ingest_run import run_measured
from tests.local.test_train_on_the_local_lake import invoke
from tests.local.waits import waiting
from tests.unit.jobs import lakes

pytestmark = pytest.mark.local


# Longer ago than any other test or training of the local lake looks.
LONG_AGO = timedelta(days=100)


def measured(now: datetime) -> list[Measurement]:
    """Runs of some days, long before ``now``."""
    found = list(lakes.runs(pipelines=40, a_day=5, days=12))
    later = now - LONG_AGO - found[-1].started_at
    return [replace(run, started_at=run.started_at + later) for run in found]


@pytest.fixture
def sagemaker(state: CloudState) -> Iterator[Simulated]:
    """The simulated service on the local cloud's S3."""
    place = variables(state.stack, state.outputs["LakeBucketName"], "arn:aws:iam::000000000000:role/training")
    with simulated(client(state, "s3"), place) as service:
        yield service


def point(state: CloudState, function: str, service: Simulated) -> None:
    """Have a deployed function find the simulated service where SageMaker would be."""
    functions, name = client(state, "lambda"), state.outputs[f"{function}FunctionName"]
    known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    # Autoscaling is refused there, at once; MiniStack, which has none either, is asked again and again.
    names = ("SAGEMAKER", "SAGEMAKER_RUNTIME", "APPLICATION_AUTO_SCALING")
    urls = {f"AWS_ENDPOINT_URL_{name}": service.url for name in names}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": known | urls})


def happened(state: CloudState, what: str, **detail: str) -> None:
    """What SageMaker tells the account's bus."""
    entry = {"Source": "sim.sagemaker", "DetailType": what, "Detail": json.dumps(detail)}
    client(state, "events").put_events(Entries=[entry])


def train(state: CloudState, service: Simulated, runs: list[Measurement]) -> Execution:
    """Begin what train_baselines begins, on a lake with these runs."""
    s3, bucket = client(state, "s3"), state.outputs["LakeBucketName"]
    S3Lake(s3, bucket).put(runs)
    at_service = client(replace(state, ministack_url=service.url), "sagemaker")
    pipeline = SageMakerPipeline(at_service, s3, bucket, f"{state.stack}-training", bundle)
    return service.executor.executions[pipeline.start(runs[-1].started_at + timedelta(hours=1))]


def switched(state: CloudState, cloud: LocalCloud, backend: str) -> CloudState:
    """The stack after a deployment with that backend. One that is not named stays as it was."""
    return replace(state, outputs=deploy.deploy(cloud.home, state, {"ScoringBackend": backend}))


def promoted(state: CloudState, service: Simulated) -> str:
    """The version that the deployed promote_model lets serve, told by events what happens to it."""
    forest = f"{state.stack}-forest"
    [package] = service.hosting.packages
    point(state, "PromoteModel", service)
    approved = {"ModelPackageGroupName": forest, "ModelApprovalStatus": "Approved"}
    happened(state, "SageMaker Model Package State Change", ModelPackageArn=package, **approved)
    waiting().until("an endpoint", lambda: service.hosting.endpoints.get(forest))
    service.hosting.arrive(forest)
    happened(state, "SageMaker Endpoint State Change", EndpointName=forest)
    models = S3Models(client(state, "s3"), state.outputs["LakeBucketName"], HOSTED)
    waiting().until("the pointer to the version that serves", lambda: models.champion().served or None)
    return models.champion().version


def test_runs_are_scored_by_the_endpoint_and_after_switching_back_by_the_embedded_forest(
    state: CloudState, cloud: LocalCloud, stored: Records, sagemaker: Simulated
) -> None:
    runs = measured(datetime.now(UTC))
    execution = train(state, sagemaker, runs)  # takes no less than the deployment, beside it
    try:
        hosted = switched(state, cloud, "sagemaker")
        assert execution.wait().failure == "", execution.steps
        version = promoted(hosted, sagemaker)
        for run in (of_one := [run for run in runs if run.pipeline.name == "p1"]):
            stored.runs.save(run)
        event = {"detail": run_measured(of_one[-1])}
        point(hosted, "ScoreRun", sagemaker)
        scored = invoke(hosted, "ScoreRun", event)
        assert (scored["detector"], scored["model"]) == ("endpoint", version)
    finally:
        back = switched(state, cloud, "embedded")
    assert "EndpointName" in hosted.outputs and "EndpointName" not in back.outputs
    again = invoke(back, "ScoreRun", event)
    assert again["detector"] == "forest" and again["model"] != version
