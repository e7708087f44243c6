"""The simulated service for one stack, listening: its pipeline, its registry, its endpoints."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from local.sagemaker.definition import deployed
from local.sagemaker.endpoints import Hosting
from local.sagemaker.jobs import Storage
from local.sagemaker.pipelines import Executor
from local.sagemaker.server import Api, SageMakerServer
from training.template import DEFINITION


@dataclass(frozen=True, slots=True)
class Simulated:
    """What stands behind ``url``, for whoever lets fleets arrive."""

    hosting: Hosting
    executor: Executor
    url: str


def variables(
    stack: str, bucket: str, role: str, budget: float = 5, min_seconds: float = 10
) -> dict[str, str]:
    """What CloudFormation puts into the definition that it deploys with a stack."""
    return {
        "TrainingRole.Arn": role,
        "ForestImage": "registry/randomcutforest:1",
        "ProcessingImage": "registry/processing:1",
        "LakeBucket": bucket,
        "AWS::StackName": stack,
        "ModelApproval": "Approved",
        "AlertBudget": f"{budget:g}",
        "AnomalyMinSeconds": f"{min_seconds:g}",
    }


@contextmanager
def simulated(
    s3: Any, given: Mapping[str, str], defaults: Mapping[str, object] = MappingProxyType({})
) -> Iterator[Simulated]:
    """The service of a stack with these variables; ``defaults`` in place of those of the definition's parameters."""
    storage = Storage(s3)
    hosting = Hosting(storage)
    definition = deployed(DEFINITION.read_text(), given)
    for parameter in definition["Parameters"]:
        parameter["DefaultValue"] = defaults.get(parameter["Name"], parameter.get("DefaultValue"))
    executor = Executor(f"{given['AWS::StackName']}-training", definition, storage, hosting.register)
    server = SageMakerServer(Api(hosting, executor))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Simulated(hosting, executor, server.url)
    finally:
        server.shutdown()
        server.server_close()
