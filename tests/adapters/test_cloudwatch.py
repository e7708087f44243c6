from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from selfheal.adapters.cloudwatch import CloudWatchBuildMetrics
from selfheal.domain.errors import RequestRejected, RunNotFound, Throttled
from selfheal.domain.run import Run, RunStatus
from selfheal.ports import Utilisation
from selfheal.testing.builders import NOON, a_run

Scripted = Callable[[str], tuple[Any, Stubber]]
BUILD = {"id": "shop:0a1b", "projectName": "shop", "buildNumber": 7}
RUN = a_run("shop:0a1b", started_at=NOON + timedelta(seconds=20), ended_at=NOON + timedelta(seconds=150))


def a_datum(metric: str, value: float, seconds: float, build_id: str = "shop:0a1b") -> dict[str, Any]:
    dimensions = {"ProjectName": "shop", "BuildId": build_id, "BuildNumber": "7"}
    return {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions.items()],
        "Timestamp": NOON + timedelta(seconds=seconds),
        "Value": value,
        "Unit": "Percent",
    }


def utilisation(scripted: Scripted, run: Run, *data: dict[str, Any]) -> Utilisation:
    cloudwatch = boto3.client("cloudwatch")
    if data:
        cloudwatch.put_metric_data(Namespace="AWS/CodeBuild", MetricData=list(data))
    codebuild, stubber = scripted("codebuild")
    stubber.add_response("batch_get_builds", {"builds": [BUILD]}, {"ids": ["shop:0a1b"]})
    return CloudWatchBuildMetrics(cloudwatch, codebuild).utilisation(run)


@pytest.mark.parametrize("build_id", ["shop:0a1b", "0a1b"])
def test_averages_cover_the_builds_whole_life(scripted: Scripted, build_id: str) -> None:
    data = [
        a_datum("CPUUtilizedPercent", 30.0, 10, build_id),
        a_datum("CPUUtilizedPercent", 90.0, 125, build_id),
        a_datum("MemoryUtilizedPercent", 25.0, 70, build_id),
        a_datum("CPUUtilizedPercent", 100.0, 3600, build_id),
    ]
    assert utilisation(scripted, RUN, *data) == Utilisation(60.0, 25.0)


def test_the_metrics_of_another_build_are_not_taken(scripted: Scripted) -> None:
    other = a_datum("CPUUtilizedPercent", 30.0, 70, "shop:9999")
    assert utilisation(scripted, RUN, other) == Utilisation(None, None)


def test_one_metric_may_be_there_without_the_other(scripted: Scripted) -> None:
    assert utilisation(scripted, RUN, a_datum("MemoryUtilizedPercent", 5.0, 70)) == Utilisation(None, 5.0)


def test_a_build_under_way_has_no_averages_yet(scripted: Scripted) -> None:
    codebuild, _ = scripted("codebuild")
    running = a_run("shop:0a1b", RunStatus.IN_PROGRESS, ended_at=None)
    metrics = CloudWatchBuildMetrics(boto3.client("cloudwatch"), codebuild)
    assert metrics.utilisation(running) == Utilisation(None, None)


@pytest.mark.parametrize(("code", "kind"), [("Throttling", Throttled), ("AccessDenied", RequestRejected)])
def test_a_refusal_is_no_missing_metric(scripted: Scripted, code: str, kind: Any) -> None:
    codebuild, builds = scripted("codebuild")
    builds.add_response("batch_get_builds", {"builds": [BUILD]})
    cloudwatch, stubber = scripted("cloudwatch")
    stubber.add_client_error("get_metric_data", code)
    with pytest.raises(kind, match="cloudwatch:GetMetricData"):
        CloudWatchBuildMetrics(cloudwatch, codebuild).utilisation(RUN)


def test_a_build_without_a_number_has_no_metrics(scripted: Scripted) -> None:
    codebuild, stubber = scripted("codebuild")
    stubber.add_response("batch_get_builds", {"builds": [{"id": "shop:0a1b", "projectName": "shop"}]})
    cloudwatch, _ = scripted("cloudwatch")
    assert CloudWatchBuildMetrics(cloudwatch, codebuild).utilisation(RUN) == Utilisation(None, None)


def test_a_build_that_is_gone_is_not_found(scripted: Scripted) -> None:
    codebuild, stubber = scripted("codebuild")
    stubber.add_response("batch_get_builds", {"builds": []})
    with pytest.raises(RunNotFound):
        CloudWatchBuildMetrics(boto3.client("cloudwatch"), codebuild).utilisation(RUN)
