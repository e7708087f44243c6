"""CloudWatch alarms: moto keeps metric alarms; botocore checks the shape of what is scripted for the rest."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from selfheal.adapters.cloudwatch_alarms import CloudWatchAlarms
from selfheal.domain.errors import RequestRejected, Throttled
from selfheal.domain.harm import Alarm, AlarmState
from selfheal.testing.builders import NOON

Scripted = Callable[[str], tuple[Any, Stubber]]
KINDS = ["MetricAlarm", "CompositeAlarm"]
DATA = json.dumps({"version": "1.0", "recentDatapoints": [0.0, 3, 14.5], "threshold": 5.0})


def described(name: str = "shop-5xx", **changes: object) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "StateValue": "ALARM",
        "StateReason": "Threshold Crossed",
        "StateReasonData": DATA,
        "StateUpdatedTimestamp": NOON + timedelta(minutes=3),
        "StateTransitionedTimestamp": NOON,
        **changes,
    }


def read(scripted: Scripted, **reply: object) -> Alarm | None:
    client, stub = scripted("cloudwatch")
    stub.add_response("describe_alarms", reply, {"AlarmNames": ["shop-5xx"], "AlarmTypes": KINDS})
    return CloudWatchAlarms(client).read("shop-5xx")


def test_an_alarm_is_read_with_what_it_was_judged_by(scripted: Scripted) -> None:
    alarm = read(scripted, MetricAlarms=[described()], CompositeAlarms=[])
    assert alarm == Alarm(
        "shop-5xx", AlarmState.ALARM, NOON, "Threshold Crossed", (0.0, 3.0, 14.5), 5.0
    )  # fmt: skip


def test_an_alarm_that_does_not_say_when_it_changed_says_when_it_was_updated(scripted: Scripted) -> None:
    old = described()
    del old["StateTransitionedTimestamp"]
    alarm = read(scripted, MetricAlarms=[old])
    assert alarm is not None and alarm.since == NOON + timedelta(minutes=3)


def test_a_composite_alarm_is_an_alarm(scripted: Scripted) -> None:
    data = json.dumps({"triggeringAlarms": [{"arn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a"}]})
    alarm = read(scripted, CompositeAlarms=[described(StateReasonData=data)])
    assert alarm is not None and (alarm.state, alarm.datapoints, alarm.threshold) == ("ALARM", (), None)


def test_an_alarm_that_is_gone_is_none(scripted: Scripted) -> None:
    assert read(scripted, MetricAlarms=[], CompositeAlarms=[]) is None


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "[" * 100_000,
        "[1]",
        '{"recentDatapoints": 7, "threshold": "high"}',
        '{"recentDatapoints": [null, true, NaN, Infinity, "1"], "threshold": 1e999}',
    ],
)
def test_reason_data_that_make_no_sense_are_left_out(scripted: Scripted, data: str) -> None:
    alarm = read(scripted, MetricAlarms=[described(StateReasonData=data)])
    assert alarm is not None and (alarm.datapoints, alarm.threshold) == ((), None)


def test_whatever_rings_is_listed_over_all_pages_and_kinds(scripted: Scripted) -> None:
    client, stub = scripted("cloudwatch")
    asked = {"StateValue": "ALARM", "AlarmTypes": KINDS}
    first = {"MetricAlarms": [described("a")], "CompositeAlarms": [described("b")], "NextToken": "more"}
    stub.add_response("describe_alarms", first, asked)
    stub.add_response("describe_alarms", {"MetricAlarms": [described("c")]}, {**asked, "NextToken": "more"})
    assert [alarm.name for alarm in CloudWatchAlarms(client).ringing()] == ["a", "b", "c"]


def test_a_real_alarm_goes_off_and_is_quiet_again() -> None:
    client = boto3.client("cloudwatch")
    for name in ("shop-5xx", "other"):
        client.put_metric_alarm(
            AlarmName=name, Namespace="Shop", MetricName="5xx", Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=5.0, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
    alarms = CloudWatchAlarms(client)
    assert alarms.ringing() == []
    client.set_alarm_state(
        AlarmName="shop-5xx", StateValue="ALARM", StateReason="too many", StateReasonData=DATA
    )
    (ringing,) = alarms.ringing()
    assert ringing == alarms.read("shop-5xx")
    assert (ringing.reason, ringing.threshold) == ("too many", 5.0)
    assert ringing.since.tzinfo is UTC and datetime.now(UTC) - ringing.since < timedelta(hours=1)
    client.set_alarm_state(AlarmName="shop-5xx", StateValue="OK", StateReason="fine")
    assert alarms.ringing() == []
    assert alarms.read("nobody") is None


@pytest.mark.parametrize(("code", "error"), [("Throttling", Throttled), ("AccessDenied", RequestRejected)])
@pytest.mark.parametrize("ask", ["read", "ringing"])
def test_refusals_are_named_by_the_call(
    scripted: Scripted, code: str, error: type[Exception], ask: str
) -> None:
    client, stub = scripted("cloudwatch")
    stub.add_client_error("describe_alarms", code, "no")
    alarms = CloudWatchAlarms(client)
    with pytest.raises(error, match="cloudwatch:DescribeAlarms"):
        _ = alarms.read("shop-5xx") if ask == "read" else alarms.ringing()
