"""Registry, endpoint and pipeline, each request held against botocore's model of the service by its stubber."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from selfheal.adapters.sagemaker_hosting import Hosting, SageMakerEndpoint, SageMakerPackages
from selfheal.adapters.sagemaker_pipeline import SageMakerPipeline
from selfheal.domain.errors import InvalidEvent, ModelNotFound, RequestRejected, Throttled
from selfheal.domain.hosting import EndpointState, EndpointStatus

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PLACE = "us-east-1:111122223333"
ROLE = "arn:aws:iam::111122223333:role/hosting"
PACKAGE = f"arn:aws:sagemaker:{PLACE}:model-package/shop-forest/3"
EXECUTION = f"arn:aws:sagemaker:{PLACE}:pipeline/shop-training/execution/p4jn9xou8a8s"
VERSION = "20260115T120000Z-0a1b2c3d"
NAME = f"shop-forest-{VERSION}"
HOSTING = Hosting("shop-forest", ROLE, "ml.c5.large", ["errors", "slow"])
NONE_THERE = ("ValidationException", "Could not find endpoint")
MADE_ALREADY = ("ValidationException", "Cannot create already existing model")


def stubbed(service: str) -> tuple[Any, Stubber]:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
    # boto3 types clients by a table of literal names.
    make: Any = session.client
    client = make(service)
    stub = Stubber(client)
    stub.activate()
    return client, stub


@pytest.fixture
def sagemaker() -> tuple[Any, Stubber]:
    return stubbed("sagemaker")


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lake")
        yield client


def described(status: str, config: str = NAME, **more: str) -> dict[str, Any]:
    return {
        "EndpointName": "shop-forest",
        "EndpointArn": f"arn:aws:sagemaker:{PLACE}:endpoint/shop-forest",
        "EndpointConfigName": config,
        "EndpointStatus": status,
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
        **more,
    }


def endpoint(sagemaker: tuple[Any, Stubber]) -> SageMakerEndpoint:
    return SageMakerEndpoint(sagemaker[0], None, HOSTING)


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("InService", EndpointStatus.SERVES),
        ("Creating", EndpointStatus.MOVING),
        ("Updating", EndpointStatus.MOVING),
        ("SystemUpdating", EndpointStatus.MOVING),
        ("RollingBack", EndpointStatus.MOVING),
        ("Failed", EndpointStatus.FAILED),
        ("OutOfService", EndpointStatus.FAILED),
        ("UpdateRollbackFailed", EndpointStatus.FAILED),
    ],
)
def test_how_an_endpoint_stands(sagemaker: tuple[Any, Stubber], status: str, ours: EndpointStatus) -> None:
    sagemaker[1].add_response("describe_endpoint", described(status, FailureReason="no capacity"))
    assert endpoint(sagemaker).state() == EndpointState(ours, VERSION, "no capacity")


def test_there_may_be_no_endpoint_and_there_may_be_one_that_somebody_else_made(
    sagemaker: tuple[Any, Stubber],
) -> None:
    sagemaker[1].add_client_error("describe_endpoint", *NONE_THERE)
    sagemaker[1].add_response("describe_endpoint", described("InService", "by-hand"))
    asked = endpoint(sagemaker)
    assert asked.state() == EndpointState(EndpointStatus.ABSENT)
    assert asked.state() == EndpointState(EndpointStatus.SERVES)


def test_an_endpoint_that_cannot_be_described_is_not_taken_for_absent(sagemaker: tuple[Any, Stubber]) -> None:
    sagemaker[1].add_client_error("describe_endpoint", "ThrottlingException")
    with pytest.raises(Throttled):
        endpoint(sagemaker).state()
    sagemaker[1].add_client_error("describe_endpoint", "ValidationException", "EndpointName is too long")
    with pytest.raises(RequestRejected):
        endpoint(sagemaker).state()


def expect_model_and_config(stub: Stubber) -> None:
    model = {
        "ModelName": NAME,
        "PrimaryContainer": {"ModelPackageName": PACKAGE},
        "ExecutionRoleArn": ROLE,
        "EnableNetworkIsolation": True,
        "Tags": ANY,
    }
    stub.add_response("create_model", {"ModelArn": f"arn:aws:sagemaker:{PLACE}:model/{NAME}"}, model)
    variant = {
        "VariantName": "forest",
        "ModelName": NAME,
        "InstanceType": "ml.c5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }
    config = {"EndpointConfigName": NAME, "ProductionVariants": [variant], "Tags": ANY}
    arn = f"arn:aws:sagemaker:{PLACE}:endpoint-config/{NAME}"
    stub.add_response("create_endpoint_config", {"EndpointConfigArn": arn}, config)


ARN = {"EndpointArn": f"arn:aws:sagemaker:{PLACE}:endpoint/shop-forest"}


def test_the_first_version_makes_the_endpoint(sagemaker: tuple[Any, Stubber]) -> None:
    expect_model_and_config(sagemaker[1])
    sagemaker[1].add_client_error("describe_endpoint", *NONE_THERE)
    made = {"EndpointName": "shop-forest", "EndpointConfigName": NAME, "Tags": ANY}
    sagemaker[1].add_response("create_endpoint", ARN, made)
    endpoint(sagemaker).go_to(VERSION, PACKAGE)
    sagemaker[1].assert_no_pending_responses()


def test_the_next_one_updates_it_blue_and_green_and_alarms_send_it_back(
    sagemaker: tuple[Any, Stubber],
) -> None:
    expect_model_and_config(sagemaker[1])
    sagemaker[1].add_response("describe_endpoint", described("InService", "shop-forest-h0"))
    update = {
        "EndpointName": "shop-forest",
        "EndpointConfigName": NAME,
        "DeploymentConfig": {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 600},
                "TerminationWaitInSeconds": 0,
                "MaximumExecutionTimeoutInSeconds": 3600,
            },
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}, {"AlarmName": "slow"}]},
        },
    }
    sagemaker[1].add_response("update_endpoint", ARN, update)
    endpoint(sagemaker).go_to(VERSION, PACKAGE)
    sagemaker[1].assert_no_pending_responses()


def test_asking_again_makes_nothing_twice(sagemaker: tuple[Any, Stubber]) -> None:
    sagemaker[1].add_client_error("create_model", *MADE_ALREADY)
    sagemaker[1].add_client_error("create_endpoint_config", *MADE_ALREADY)
    sagemaker[1].add_response("describe_endpoint", described("Updating"))
    endpoint(sagemaker).go_to(VERSION, PACKAGE)
    sagemaker[1].assert_no_pending_responses()


def test_a_failed_endpoint_is_cleared_away_so_that_it_can_be_made_again(
    sagemaker: tuple[Any, Stubber],
) -> None:
    expect_model_and_config(sagemaker[1])
    sagemaker[1].add_response("describe_endpoint", described("Failed", "shop-forest-h0"))
    sagemaker[1].add_response("delete_endpoint", {}, {"EndpointName": "shop-forest"})
    endpoint(sagemaker).go_to(VERSION, PACKAGE)
    sagemaker[1].assert_no_pending_responses()


def test_a_model_that_cannot_be_made_is_an_error(sagemaker: tuple[Any, Stubber]) -> None:
    sagemaker[1].add_client_error("create_model", "ValidationException", "the role cannot be assumed")
    with pytest.raises(RequestRejected, match="sagemaker:CreateModel"):
        endpoint(sagemaker).go_to(VERSION, PACKAGE)


def test_an_endpoint_follows_its_load() -> None:
    client, stub = stubbed("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/shop-forest/variant/forest",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    stub.add_response("register_scalable_target", {}, {**target, "MinCapacity": 1, "MaxCapacity": 4})
    policy = {
        **target,
        "PolicyName": ANY,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": ANY,
    }
    stub.add_response("put_scaling_policy", {"PolicyARN": "arn:x"}, policy)
    SageMakerEndpoint(None, client, HOSTING).scale()
    stub.assert_no_pending_responses()


def a_package(**changes: Any) -> dict[str, Any]:
    folder = "s3://lake/training/p4jn9xou8a8s"
    return {
        "ModelPackageArn": PACKAGE,
        "ModelPackageName": "shop-forest",
        "ModelPackageGroupName": "shop-forest",
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "CreationTime": NOW,
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": {
            "thresholds": f"{folder}/thresholds",
            "rows": f"{folder}/rows/",
            "scores": f"{folder}/scores",
        },
        **changes,
    }


def test_a_package_names_what_was_made_beside_it(sagemaker: tuple[Any, Stubber]) -> None:
    sagemaker[1].add_response("describe_model_package", a_package(), {"ModelPackageName": PACKAGE})
    package = SageMakerPackages(sagemaker[0], None, "lake").package(PACKAGE)
    assert (package.arn, package.group, package.approved) == (PACKAGE, "shop-forest", True)
    assert package.places == {
        "thresholds": "s3://lake/training/p4jn9xou8a8s/thresholds/model.bin",
        "rows": "s3://lake/training/p4jn9xou8a8s/rows/rows.ndjson",
        "scores": "s3://lake/training/p4jn9xou8a8s/scores/vectors.csv.out",
    }


def test_a_package_that_our_pipeline_did_not_make_is_refused(sagemaker: tuple[Any, Stubber]) -> None:
    sagemaker[1].add_response("describe_model_package", a_package(CustomerMetadataProperties={"rows": "x"}))
    with pytest.raises(InvalidEvent, match="lacks thresholds, scores"):
        SageMakerPackages(sagemaker[0], None, "lake").package(PACKAGE)


def test_objects_are_read_where_our_pipeline_writes_and_nowhere_else(s3: Any) -> None:
    s3.put_object(Bucket="lake", Key="training/x/rows/rows.ndjson", Body=b"rows")
    s3.put_object(Bucket="lake", Key="measurements/secret", Body=b"no")
    packages = SageMakerPackages(None, s3, "lake")
    assert packages.read("s3://lake/training/x/rows/rows.ndjson") == b"rows"
    for place in (
        "s3://lake/measurements/secret",
        "s3://lake/training/../measurements/secret",
        "s3://other/training/x",
        "/etc/passwd",
    ):
        with pytest.raises(InvalidEvent, match="does not lie in s3://lake/training/"):
            packages.read(place)
    with pytest.raises(ModelNotFound, match="train again"):
        packages.read("s3://lake/training/absent")


def test_a_pipeline_is_started_with_its_code_once_for_each_moment(
    sagemaker: tuple[Any, Stubber], s3: Any
) -> None:
    tokens: list[str] = []
    for _ in range(2):
        request = {
            "PipelineName": "shop-training",
            "PipelineExecutionDisplayName": "20260115T120000Z",
            "PipelineParameters": [
                {"Name": "Until", "Value": "2026-01-15T12:00:00+00:00"},
                {"Name": "Code", "Value": ANY},
            ],
            "ClientRequestToken": ANY,
        }
        sagemaker[1].add_response("start_pipeline_execution", {"PipelineExecutionArn": EXECUTION}, request)
    sagemaker[0].meta.events.register(
        "provide-client-params.sagemaker.StartPipelineExecution",
        lambda params, **_: tokens.append(params["ClientRequestToken"]),
    )
    pipeline = SageMakerPipeline(sagemaker[0], s3, "lake", "shop-training", lambda: b"code")
    assert pipeline.start(NOW) == pipeline.start(NOW) == EXECUTION
    assert len(set(tokens)) == 1 and len(tokens) == 2
    [stored] = s3.list_objects_v2(Bucket="lake")["Contents"]
    assert stored["Key"].startswith("training-code/") and stored["Key"].endswith("/training.pyz")


def test_the_step_that_failed_says_why(sagemaker: tuple[Any, Stubber]) -> None:
    steps = [
        {
            "StepName": "PrepareData",
            "StepStatus": "Failed",
            "FailureReason": "ClientError: all runs are of one",
        },
        {"StepName": "TrainForest", "StepStatus": "Stopped"},
    ]
    sagemaker[1].add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": steps})
    sagemaker[1].add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": []})
    pipeline = SageMakerPipeline(sagemaker[0], None, "lake", "shop-training", lambda: b"")
    assert pipeline.why_failed(EXECUTION) == "PrepareData: ClientError: all runs are of one"
    assert pipeline.why_failed(EXECUTION) == ""
