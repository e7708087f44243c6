"""Alarms of MiniStack's CloudWatch, judged by their own definitions."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from local.devtools.alarms import judge

Json = dict[str, Any]
RATE: Json = {
    "AlarmName": "shop-5xx",
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 5.0,
    "EvaluationPeriods": 3,
}


@pytest.mark.parametrize(
    ("settings", "values", "state"),
    [
        ({}, [6, 7, 8], "ALARM"),
        ({}, [6, 5, 8], "OK"),
        ({"DatapointsToAlarm": 2}, [6, 5, 8], "ALARM"),
        ({"DatapointsToAlarm": 1}, [None, None, 6], "ALARM"),
        ({}, [None, 6, 7], "OK"),
        ({"TreatMissingData": "breaching"}, [None, 6, 7], "ALARM"),
        ({}, [None, None, None], "INSUFFICIENT_DATA"),
        ({"TreatMissingData": "notBreaching"}, [None, None, None], "OK"),
        ({"TreatMissingData": "breaching"}, [None, None, None], "ALARM"),
        ({"ComparisonOperator": "LessThanOrEqualToThreshold"}, [5, 5, 4], "ALARM"),
    ],
)
def test_an_alarm_is_judged_by_as_many_datapoints_as_it_says(
    settings: Json, values: list[float | None], state: str
) -> None:
    judgement = judge(RATE | settings, values)
    assert judgement is not None
    assert judgement.state == state


def test_missing_data_may_leave_an_alarm_as_it_is() -> None:
    assert judge(RATE | {"TreatMissingData": "ignore"}, [None, None, None]) is None


def test_the_reason_is_in_cloudwatch_s_words() -> None:
    judgement = judge(RATE, [6, 7, 8])
    assert judgement is not None
    expected = "Threshold Crossed: 3 datapoint(s) [8, 7, 6] was greater than the threshold (5.0)."
    assert judgement.reason == expected


def test_an_alarm_that_goes_off_is_told_once_and_shown_so(cloud: Any, receive: Any, wait_for: Any) -> None:
    read = receive("CloudWatch Alarm State Change", "sim.cloudwatch")
    cloudwatch, name = cloud.client("cloudwatch"), f"shop-{uuid.uuid4().hex[:8]}"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="5xx",
        Dimensions=[{"Name": "Service", "Value": "shop"}],
        Statistic="Sum",
        # It goes off within seconds, and on for as long as the slowest machine takes to look at it.
        Period=1,
        EvaluationPeriods=600,
        DatapointsToAlarm=1,
        Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    told: list[Json] = []

    def telling(service: str, value: float) -> list[Json]:
        datum = {"MetricName": "5xx", "Dimensions": [{"Name": "Service", "Value": service}], "Value": value}
        cloudwatch.put_metric_data(Namespace=name, MetricData=[datum])
        told.extend(event["detail"] for event in read() if event["detail"]["alarmName"] == name)
        time.sleep(0.3)
        return told

    # Errors of another service are none of this alarm's business.
    wait_for(lambda: telling("bank", 9))
    assert [detail["state"]["value"] for detail in told] == ["OK"]
    wait_for(lambda: len(telling("shop", 9)) > 1)
    assert [detail["state"]["value"] for detail in told] == ["OK", "ALARM"]
    detail = told[-1]
    assert detail["previousState"]["value"] == "OK"
    assert json.loads(detail["state"]["reasonData"])["threshold"] == 5.0
    metric = detail["configuration"]["metrics"][0]["metricStat"]["metric"]
    assert metric == {"namespace": name, "name": "5xx", "dimensions": {"Service": "shop"}}
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateReasonData"] == detail["state"]["reasonData"]
    cloudwatch.delete_alarms(AlarmNames=[name])
