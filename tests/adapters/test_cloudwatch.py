from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from selfheal.adapters.cloudwatch import CloudWatchBuildMetrics
from selfheal.domain.errors import RequestRejected, Throttled
from selfheal.domain.run import Run, RunStatus
from selfheal.measure_ports import Utilisation
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.service import FixedClock

Scripted = Callable[[str], tuple[Any, Stubber]]
RUN = a_run(
    "shop:0a1b", number=7, started_at=NOON + timedelta(seconds=20), ended_at=NOON + timedelta(seconds=150)
)
SOON = FixedClock(NOON + timedelta(minutes=5))


def a_datum(metric: str, value: float, seconds: float, build_id: str = "shop:0a1b") -> dict[str, Any]:
    dimensions = {"ProjectName": "shop", "BuildId": build_id, "BuildNumber": "7"}
    return {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions.items()],
        "Timestamp": NOON + timedelta(seconds=seconds),
        "Value": value,
        "Unit": "Percent",
    }


def utilisation(run: Run, *data: dict[str, Any]) -> Utilisation:
    cloudwatch = boto3.client("cloudwatch")
    if data:
        cloudwatch.put_metric_data(Namespace="AWS/CodeBuild", MetricData=list(data))
    return CloudWatchBuildMetrics(cloudwatch, SOON).utilisation(run)


@pytest.mark.parametrize("build_id", ["shop:0a1b", "0a1b"])
def test_averages_cover_the_builds_whole_life(build_id: str) -> None:
    data = [
        a_datum("CPUUtilizedPercent", 30.0, 10, build_id),
        a_datum("CPUUtilizedPercent", 90.0, 125, build_id),
        a_datum("MemoryUtilizedPercent", 25.0, 70, build_id),
        a_datum("StorageReadBytes", 2e6, 70, build_id),
        a_datum("StorageWriteBytes", 0.0, 70, build_id),
        a_datum("CPUUtilizedPercent", 100.0, 3600, build_id),
    ]
    assert utilisation(RUN, *data) == Utilisation(60.0, 25.0, 2e6, 0.0)


def test_the_metrics_of_another_build_are_not_taken() -> None:
    assert utilisation(RUN, a_datum("CPUUtilizedPercent", 30.0, 70, "shop:9999")) == Utilisation()


def test_one_metric_may_be_there_without_the_others() -> None:
    assert utilisation(RUN, a_datum("MemoryUtilizedPercent", 5.0, 70)) == Utilisation(None, 5.0)


@pytest.mark.parametrize(
    "run", [a_run("shop:1", RunStatus.IN_PROGRESS, ended_at=None, number=7), a_run("shop:1", number=None)]
)
def test_a_build_under_way_or_without_a_number_has_no_averages_and_none_are_asked_for(
    scripted: Scripted, run: Run
) -> None:
    client, _ = scripted("cloudwatch")
    assert CloudWatchBuildMetrics(client, SOON).utilisation(run) == Utilisation()


@pytest.mark.parametrize(
    ("days_ago", "period", "start"),
    [(0, 60, NOON), (14, 60, NOON), (16, 300, NOON), (62, 300, NOON), (64, 3600, NOON), (400, 3600, NOON)],
)
def test_old_builds_are_asked_for_by_the_period_that_is_still_kept(
    scripted: Scripted, days_ago: int, period: int, start: Any
) -> None:
    asked: list[Any] = []
    client, stubber = scripted("cloudwatch")
    client.meta.events.register("provide-client-params.cloudwatch", lambda params, **_: asked.append(params))
    stubber.add_response("get_metric_data", {"MetricDataResults": []})
    clock = FixedClock(NOON + timedelta(days=days_ago, hours=1))
    CloudWatchBuildMetrics(client, clock).utilisation(RUN)
    [request] = asked
    assert {query["MetricStat"]["Period"] for query in request["MetricDataQueries"]} == {period}
    assert request["StartTime"] == start


@pytest.mark.parametrize(("code", "kind"), [("Throttling", Throttled), ("AccessDenied", RequestRejected)])
def test_a_refusal_is_no_missing_metric(scripted: Scripted, code: str, kind: Any) -> None:
    cloudwatch, stubber = scripted("cloudwatch")
    stubber.add_client_error("get_metric_data", code)
    with pytest.raises(kind, match="cloudwatch:GetMetricData"):
        CloudWatchBuildMetrics(cloudwatch, SOON).utilisation(RUN)
