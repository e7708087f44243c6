"""SageMaker: the registry of hosted forests, and the endpoint that serves one of them."""

import hashlib
import json
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, calling, error_code
from selfheal.domain.errors import InvalidEvent, ModelNotFound, RunNotFound
from selfheal.domain.hosting import EndpointState, EndpointStatus, ForestPackage
from selfheal.domain.model import require_version

VARIANT = "forest"
PLACES = {"thresholds": "model.bin", "rows": "rows.ndjson", "scores": "vectors.csv.out"}
TRAINING = "training/"
TAGS = [{"Key": "application", "Value": "selfheal"}]
VERSION_TAG = "selfheal-version"
# Of an endpoint, a configuration and a model.
LONGEST_NAME = 63
# No version begins like that, so it tells a digest.
SHORTENED = "-"
BAKE_SECONDS = 600
MOST_INSTANCES = 4
# A c5.large answers a few hundred vectors a second; far below that another instance is asked for.
INVOCATIONS_A_MINUTE = 3000.0
_STATUS = {
    "InService": EndpointStatus.SERVES,
    "Failed": EndpointStatus.FAILED,
    "OutOfService": EndpointStatus.FAILED,
    "UpdateRollbackFailed": EndpointStatus.FAILED,
}
# SageMaker says both of an endpoint and of a configuration with a ValidationException alone.
_NOT_THERE = "Could not find"
_THERE_ALREADY = "already existing"


class SageMakerPackages:
    """ForestPackages. Needs sagemaker:DescribeModelPackage on the group's packages, s3:GetObject on ``training/*``."""

    def __init__(self, client: Client, s3: Client, bucket: str) -> None:
        self._client, self._s3, self._bucket = client, s3, bucket

    def package(self, arn: str) -> ForestPackage:
        """ForestPackages."""
        with calling("sagemaker:DescribeModelPackage"):
            found = self._client.describe_model_package(ModelPackageName=arn)
        given = found.get("CustomerMetadataProperties", {})
        missing = [name for name in PLACES if name not in given]
        if missing:
            raise InvalidEvent(
                "CustomerMetadataProperties", f"of {arn} lacks {', '.join(missing)}; our pipeline names them"
            )
        return ForestPackage(
            arn=found["ModelPackageArn"],
            group=found.get("ModelPackageGroupName", ""),
            approved=found.get("ModelApprovalStatus") == "Approved",
            places={name: f"{given[name].rstrip('/')}/{file}" for name, file in PLACES.items()},
        )

    def read(self, place: str) -> bytes:
        """ForestPackages."""
        root = f"s3://{self._bucket}/"
        key = place.removeprefix(root)
        if not place.startswith(root + TRAINING) or ".." in key:
            raise InvalidEvent(
                "place", f"{place} does not lie in {root}{TRAINING}, where our pipeline writes"
            )
        try:
            with calling("s3:GetObject", gone={"NoSuchKey": "gone", "404": "gone"}):
                body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except RunNotFound:
            raise ModelNotFound(f"there is no {place}; train again") from None
        return body


@dataclass(frozen=True, slots=True)
class Hosting:
    """How the forest is hosted: the endpoint's name, the role that reads the model, the kind of instance, and the
    alarms that send an update back."""

    endpoint: str
    role: str
    instance: str
    alarms: Sequence[str]


class SageMakerEndpoint:
    """Endpoint. Needs the rights that PromoteModelFunction has in template.yaml."""

    def __init__(self, client: Client, scaling: Client, hosting: Hosting) -> None:
        self._client, self._scaling, self._hosting = client, scaling, hosting

    def state(self) -> EndpointState:
        """Endpoint."""
        found = self._described()
        if found is None:
            return EndpointState(EndpointStatus.ABSENT)
        status = _STATUS.get(found["EndpointStatus"], EndpointStatus.MOVING)
        return EndpointState(status, self._version(found), str(found.get("FailureReason", "")))

    def go_to(self, version: str, package: str) -> None:
        """Endpoint. The same variant name for every version, so that scaling and alarms stay with it."""
        require_version(version)
        name = self._name(version)
        self._made("sagemaker:CreateModel", self._client.create_model, self._model(name, package))
        self._made(
            "sagemaker:CreateEndpointConfig", self._client.create_endpoint_config, self._config(name, version)
        )
        there = self._described()
        if there and _STATUS.get(there["EndpointStatus"]) is EndpointStatus.FAILED:
            # The one thing that can be done with it. Whoever asks again finds none and makes it.
            with calling("sagemaker:DeleteEndpoint"):
                self._client.delete_endpoint(EndpointName=self._hosting.endpoint)
        elif there is None:
            with calling("sagemaker:CreateEndpoint"):
                self._client.create_endpoint(
                    EndpointName=self._hosting.endpoint, EndpointConfigName=name, Tags=TAGS
                )
        elif there["EndpointConfigName"] != name:
            with calling("sagemaker:UpdateEndpoint"):
                self._client.update_endpoint(
                    EndpointName=self._hosting.endpoint,
                    EndpointConfigName=name,
                    DeploymentConfig=self._deployment(),
                )

    def scale(self) -> None:
        """Endpoint."""
        target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{self._hosting.endpoint}/variant/{VARIANT}",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        with calling("application-autoscaling:RegisterScalableTarget"):
            self._scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=MOST_INSTANCES)
        with calling("application-autoscaling:PutScalingPolicy"):
            self._scaling.put_scaling_policy(
                **target,
                PolicyName=f"{self._hosting.endpoint}-invocations",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": INVOCATIONS_A_MINUTE,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                    },
                    "ScaleInCooldown": 600,
                    "ScaleOutCooldown": 60,
                },
            )

    def _name(self, version: str) -> str:
        """Of the model and of the configuration. Where both do not fit, a digest stands for the version."""
        whole = f"{self._hosting.endpoint}-{version}"
        if len(whole) <= LONGEST_NAME:
            return whole
        digest = b32encode(hashlib.sha256(version.encode()).digest()).decode().lower()
        return f"{self._hosting.endpoint}-{SHORTENED}{digest}"[:LONGEST_NAME]

    def _version(self, described: Mapping[str, Any]) -> str:
        """The version that an endpoint's configuration is of; empty for one of somebody else's."""
        config, prefix = str(described.get("EndpointConfigName", "")), f"{self._hosting.endpoint}-"
        if not config.startswith(prefix):
            return ""
        version = config.removeprefix(prefix)
        if not version.startswith(SHORTENED):
            return version
        place = described["EndpointArn"].rpartition(":endpoint/")[0]
        with calling("sagemaker:ListTags"):
            tags = self._client.list_tags(ResourceArn=f"{place}:endpoint-config/{config}")["Tags"]
        return next((str(tag["Value"]) for tag in tags if tag["Key"] == VERSION_TAG), "")

    def _model(self, name: str, package: str) -> dict[str, Any]:
        return {
            "ModelName": name,
            "PrimaryContainer": {"ModelPackageName": package},
            "ExecutionRoleArn": self._hosting.role,
            "EnableNetworkIsolation": True,
            "Tags": TAGS,
        }

    def _config(self, name: str, version: str) -> dict[str, Any]:
        variant = {
            "VariantName": VARIANT,
            "ModelName": name,
            "InstanceType": self._hosting.instance,
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1.0,
        }
        tags = [*TAGS, {"Key": VERSION_TAG, "Value": version}]
        return {"EndpointConfigName": name, "ProductionVariants": [variant], "Tags": tags}

    def _deployment(self) -> dict[str, Any]:
        """Blue and green: the old fleet stays for ten minutes and takes over again when an alarm rings."""
        return {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "ALL_AT_ONCE",
                    "WaitIntervalInSeconds": BAKE_SECONDS,
                },
                "TerminationWaitInSeconds": 0,
                "MaximumExecutionTimeoutInSeconds": 3600,
            },
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in self._hosting.alarms]},
        }

    def _described(self) -> dict[str, Any] | None:
        with calling("sagemaker:DescribeEndpoint"):
            try:
                found: dict[str, Any] = self._client.describe_endpoint(EndpointName=self._hosting.endpoint)
            except ClientError as error:
                if _says(error, _NOT_THERE):
                    return None
                raise
        return found

    def _made(self, operation: str, call: Any, request: dict[str, Any]) -> None:
        """What an earlier attempt made is left as it is: its name says which version it holds."""
        with calling(operation):
            try:
                call(**request)
            except ClientError as error:
                if not _says(error, _THERE_ALREADY):
                    raise


def _says(error: ClientError, words: str) -> bool:
    if error_code(error) != "ValidationException":
        return False
    return words in json.dumps(error.response.get("Error", {}))
