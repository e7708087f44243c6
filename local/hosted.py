"""The hosted forest of one stack, for the command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from selfheal.adapters.s3_models import HOSTED, S3Models
from selfheal.adapters.sagemaker_hosting import Hosting, SageMakerEndpoint
from selfheal.model_ports import Endpoint, ModelStore


@dataclass(frozen=True, slots=True)
class HostedModels:
    """The versions of the hosted forest, and the endpoint that serves one of them."""

    store: ModelStore
    endpoint: Endpoint


def hosted_models(
    clients: Callable[[str], Any], outputs: Mapping[str, str], bucket: str
) -> HostedModels | None:
    """The hosted forest of a stack with these outputs; None of one that does without SageMaker."""
    if "EndpointName" not in outputs:
        return None
    hosting = Hosting(
        endpoint=outputs["EndpointName"],
        role=outputs["HostingRoleArn"],
        instance=outputs["EndpointInstance"],
        alarms=outputs["EndpointAlarms"].split(","),
    )
    endpoint = SageMakerEndpoint(clients("sagemaker"), clients("application-autoscaling"), hosting)
    return HostedModels(S3Models(clients("s3"), bucket, HOSTED), endpoint)
