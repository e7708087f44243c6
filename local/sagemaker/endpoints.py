"""Registry and endpoints: packages, models, configurations, and endpoints that go from one to the next when told to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.sagemaker.errors import Refused, ServiceRefusal
from local.sagemaker.forest import LoadedForest
from local.sagemaker.jobs import Storage
from local.sagemaker.pipelines import PLACE

Json = Mapping[str, Any]
# Of a model, a configuration and an endpoint, as the service's API reference has it.
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


@dataclass(slots=True)
class _Endpoint:
    config: str
    serving: str = ""
    status: str = "Creating"
    failure: str = ""


@dataclass(slots=True)
class Hosting:
    """Everything that hosting knows, by name."""

    storage: Storage
    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: dict[str, Json] = field(default_factory=dict)
    configs: dict[str, Json] = field(default_factory=dict)
    endpoints: dict[str, _Endpoint] = field(default_factory=dict)
    _loaded: dict[str, LoadedForest] = field(default_factory=dict)

    def register(self, asked: dict[str, Any]) -> None:
        """A package of the group that the request names."""
        group = asked["ModelPackageGroupName"]
        arn = f"arn:aws:sagemaker:{PLACE}:model-package/{group}/{len(self.packages) + 1}"
        self.packages[arn] = {
            "ModelPackageArn": arn,
            "ModelPackageName": group,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "CreationTime": _now(),
            **{key: asked[key] for key in PACKAGE_MEMBERS},
        }

    def describe_package(self, asked: Json) -> Json:
        """DescribeModelPackage."""
        found: Json = self._found(self.packages, asked["ModelPackageName"], "ModelPackage")
        return found

    def create_model(self, asked: Json) -> Json:
        """CreateModel, of a package."""
        self._new(self.models, asked["ModelName"], asked, "model")
        return {"ModelArn": f"arn:aws:sagemaker:{PLACE}:model/{asked['ModelName']}"}

    def create_config(self, asked: Json) -> Json:
        """CreateEndpointConfig."""
        name = asked["EndpointConfigName"]
        self._found(self.models, asked["ProductionVariants"][0]["ModelName"], "model")
        self._new(self.configs, name, asked, "endpoint configuration")
        return {"EndpointConfigArn": f"arn:aws:sagemaker:{PLACE}:endpoint-config/{name}"}

    def create_endpoint(self, asked: Json) -> Json:
        """CreateEndpoint."""
        self._found(self.configs, asked["EndpointConfigName"], "endpoint configuration")
        self._new(self.endpoints, asked["EndpointName"], _Endpoint(asked["EndpointConfigName"]), "endpoint")
        return self._arn(asked)

    def update_endpoint(self, asked: Json) -> Json:
        """UpdateEndpoint: the old fleet answers until the new one arrives."""
        endpoint = self._found(self.endpoints, asked["EndpointName"], "endpoint")
        self._found(self.configs, asked["EndpointConfigName"], "endpoint configuration")
        if endpoint.status != "InService":
            raise ServiceRefusal(
                "ValidationException", f"Cannot update in-progress endpoint {asked['EndpointName']}"
            )
        endpoint.config, endpoint.status, endpoint.failure = asked["EndpointConfigName"], "Updating", ""
        return self._arn(asked)

    def describe_endpoint(self, asked: Json) -> Json:
        """DescribeEndpoint."""
        endpoint = self._found(self.endpoints, asked["EndpointName"], "endpoint")
        failure = {"FailureReason": endpoint.failure} if endpoint.failure else {}
        return {
            "EndpointName": asked["EndpointName"],
            **self._arn(asked),
            "EndpointConfigName": endpoint.config,
            "EndpointStatus": endpoint.status,
            "CreationTime": _now(),
            "LastModifiedTime": _now(),
            **failure,
        }

    def list_tags(self, asked: Json) -> Json:
        """ListTags, of an endpoint configuration."""
        name = asked["ResourceArn"].rpartition(":endpoint-config/")[2]
        return {"Tags": self._found(self.configs, name, "endpoint configuration").get("Tags", [])}

    def delete_endpoint(self, asked: Json) -> Json:
        """DeleteEndpoint."""
        self._found(self.endpoints, asked["EndpointName"], "endpoint")
        del self.endpoints[asked["EndpointName"]]
        return {}

    def arrive(self, name: str) -> None:
        """The new fleet answers from now on."""
        endpoint = self.endpoints[name]
        endpoint.serving, endpoint.status = endpoint.config, "InService"

    def send_back(self, name: str, why: str) -> None:
        """An alarm rang: the old fleet goes on, under its old configuration."""
        endpoint = self.endpoints[name]
        endpoint.config, endpoint.status, endpoint.failure = endpoint.serving, "InService", why

    def invoke(self, name: str, body: bytes, content_type: str, accept: str) -> bytes:
        """InvokeEndpoint. Raises ServiceRefusal."""
        endpoint = self.endpoints.get(name)
        if endpoint is None or not endpoint.serving:
            raise ServiceRefusal("ValidationError", f"Endpoint {name} of account 000000000000 not found.")
        try:
            return self._forest(endpoint.serving).answer(body, content_type, accept)
        except Refused as error:
            raise ServiceRefusal(
                "ModelError", f"Received client error (400) from model: {error}", 424
            ) from error

    def _forest(self, config: str) -> LoadedForest:
        if config not in self._loaded:
            model = self.models[self.configs[config]["ProductionVariants"][0]["ModelName"]]
            package = self.packages[model["PrimaryContainer"]["ModelPackageName"]]
            uri = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
            self._loaded[config] = LoadedForest(self.storage.read(uri))
        return self._loaded[config]

    def _arn(self, asked: Json) -> dict[str, str]:
        return {"EndpointArn": f"arn:aws:sagemaker:{PLACE}:endpoint/{asked['EndpointName']}"}

    @staticmethod
    def _found(kept: Mapping[str, Any], name: str, what: str) -> Any:
        if name not in kept:
            raise ServiceRefusal("ValidationException", f'Could not find {what} "{name}".')
        return kept[name]

    @staticmethod
    def _new(kept: dict[str, Any], name: str, value: Any, what: str) -> None:
        if not NAME.fullmatch(name):
            raise ServiceRefusal("ValidationException", f"{name} fails to satisfy constraint {NAME.pattern}")
        if name in kept:
            raise ServiceRefusal("ValidationException", f'Cannot create already existing {what} "{name}".')
        kept[name] = value


PACKAGE_MEMBERS = (
    "ModelPackageGroupName",
    "InferenceSpecification",
    "ModelApprovalStatus",
    "ModelMetrics",
    "CustomerMetadataProperties",
)


def _now() -> float:
    return datetime.now(UTC).timestamp()
