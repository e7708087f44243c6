"""The past of a stack's account and where it is kept, through the stack's own adapters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from selfheal.adapters.clock import SystemClock
from selfheal.adapters.cloudwatch import CloudWatchBuildMetrics
from selfheal.adapters.codebuild import CodeBuildReports
from selfheal.adapters.deployment_steps import CodeDeploySteps
from selfheal.adapters.dynamodb.runs import DynamoRuns
from selfheal.adapters.dynamodb.standings import DynamoStandings
from selfheal.adapters.log_sizes import CloudWatchLogSizes
from selfheal.adapters.pace import Pace
from selfheal.adapters.past_runs import ServicePast
from selfheal.adapters.s3 import S3Lake
from selfheal.adapters.s3_quarantine import S3Quarantine
from selfheal.domain.run import PipelineKey
from selfheal.measure_ports import PastRuns, Quarantine, Standings
from selfheal.ports import Lake, RunStore
from selfheal.steps.measure_run import Gauges


@dataclass(frozen=True, slots=True)
class Past:
    """Where runs of the past come from and where they go. The last ``recent`` belongs to the deployed stack itself."""

    runs: PastRuns
    gauges: Gauges
    lake: Lake
    quarantine: Quarantine
    stored: RunStore
    standings: Standings
    recent: timedelta


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack keeps things, and how far back it looks for runs by itself."""

    table: str
    bucket: str
    recent: timedelta


def past(
    clients: Callable[[str], Any], place: Place, only: Sequence[PipelineKey], calls_per_second: float
) -> Past:
    """The past by way of these clients, each service asked at most so often."""

    def polite(service: str) -> Any:
        return Pace(calls_per_second).keep(clients(service))

    codebuild, codedeploy, s3 = polite("codebuild"), polite("codedeploy"), clients("s3")
    return Past(
        runs=ServicePast(codebuild, polite("codepipeline"), codedeploy, only),
        gauges=Gauges(
            CodeBuildReports(codebuild),
            CloudWatchBuildMetrics(polite("cloudwatch"), SystemClock()),
            CloudWatchLogSizes(polite("logs")),
            CodeDeploySteps(codedeploy),
        ),
        lake=S3Lake(s3, place.bucket),
        quarantine=S3Quarantine(s3, place.bucket),
        stored=DynamoRuns(clients("dynamodb"), place.table),
        standings=DynamoStandings(clients("dynamodb"), place.table),
        recent=place.recent,
    )
