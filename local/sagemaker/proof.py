"""The whole way of a hosted forest on this machine: lake, pipeline, registry, contest, endpoint, score.

What runs is what is deployed: the adapters, the steps, the definition and the bundle. What is simulated is said in
``local.sagemaker.SIMULATED``; S3 is moto's.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from moto import mock_aws

from local.sagemaker.endpoints import Hosting as SimulatedHosting
from local.sagemaker.pipelines import Execution, Executor
from local.sagemaker.services import simulated, variables
from selfheal.adapters.s3 import S3Lake
from selfheal.adapters.s3_models import HOSTED, S3Models
from selfheal.adapters.sagemaker import Format, SageMakerForest
from selfheal.adapters.sagemaker_hosting import Hosting, SageMakerEndpoint, SageMakerPackages
from selfheal.adapters.sagemaker_pipeline import SageMakerPipeline
from selfheal.domain.measurement import Measurement
from selfheal.domain.model import Training
from selfheal.jobs.bundle import bundle
from selfheal.model_ports import ModelLedger
from selfheal.ports import Clock
from selfheal.steps.promote_model import Promoter, promote_model

BUCKET, STACK = "proof-lake", "proof"
BATCH = 500
ROLE = "arn:aws:iam::000000000000:role/proof"
VARIABLES = variables(STACK, BUCKET, ROLE)


@dataclass(frozen=True, slots=True)
class Proof:
    """Clients of the simulated services, and the services themselves."""

    s3: Any
    sagemaker: Any
    invocations: Any
    scaling: Any
    hosting: SimulatedHosting
    executor: Executor
    url: str

    def fill(self, runs: Sequence[Measurement]) -> None:
        """Put runs into the lake as ingest_run does."""
        lake = S3Lake(self.s3, BUCKET)
        for first in range(0, len(runs), BATCH):
            lake.put(runs[first : first + BATCH])

    @property
    def pipeline(self) -> SageMakerPipeline:
        """What train_baselines starts."""
        return SageMakerPipeline(self.sagemaker, self.s3, BUCKET, f"{STACK}-training", bundle)

    def train(self, until: datetime) -> Execution:
        """Start the pipeline and wait until it is through."""
        return self.executor.executions[self.pipeline.start(until)].wait()

    def forest(self, form: Format = Format.CSV) -> SageMakerForest:
        """What score_run asks."""
        return SageMakerForest(self.invocations, f"{STACK}-forest", form)

    @property
    def models(self) -> S3Models:
        """The versions of the hosted forest."""
        return S3Models(self.s3, BUCKET, HOSTED)

    @property
    def endpoint(self) -> SageMakerEndpoint:
        """What promote_model changes."""
        hosting = Hosting(f"{STACK}-forest", ROLE, "ml.c5.large", ["errors", "slow"])
        return SageMakerEndpoint(self.sagemaker, self.scaling, hosting)

    def promoter(self, ledger: ModelLedger, clock: Clock, budget: float = 5.0) -> Promoter:
        """promote_model with everything it needs."""
        return Promoter(
            SageMakerPackages(self.sagemaker, self.s3, BUCKET), self.models, S3Models(self.s3, BUCKET), self.endpoint,
            self.forest(), self.pipeline, ledger, clock, budget, f"{STACK}-forest",
        )  # fmt: skip

    def consider(self, promoter: Promoter) -> Training:
        """What EventBridge does with the package that was registered last."""
        *_, arn = self.hosting.packages
        event = {"detail-type": "SageMaker Model Package State Change", "detail": {"ModelPackageArn": arn}}
        return promote_model(event, promoter)

    def arrive(self, promoter: Promoter) -> Training:
        """The new fleet is there, and promote_model looks."""
        self.hosting.arrive(f"{STACK}-forest")
        return promote_model({"reason": "settle"}, promoter)


@contextmanager
def proof(**defaults: object) -> Iterator[Proof]:
    """The simulated services, for as long as they are needed; ``defaults`` in place of those of the parameters."""
    with mock_aws():
        yield from _served(defaults)


def _served(defaults: Mapping[str, object]) -> Iterator[Proof]:
    s3 = _client("s3")
    s3.create_bucket(Bucket=BUCKET)
    with simulated(s3, VARIABLES, defaults) as services:
        sagemaker, invocations = (_client(name, services.url) for name in ("sagemaker", "sagemaker-runtime"))
        scaling = _client("application-autoscaling")
        yield Proof(s3, sagemaker, invocations, scaling, services.hosting, services.executor, services.url)


def _client(service: str, url: str | None = None) -> Any:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106
    make: Any = session.client  # boto3 types clients by a table of literal names
    config = Config(read_timeout=60, retries={"total_max_attempts": 1})
    return make(service, endpoint_url=url, config=config)
