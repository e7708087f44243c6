"""CloudWatch: alarms."""

import json
from collections.abc import Iterator
from datetime import UTC

from selfheal.adapters.calls import Client, Json, calling, pages
from selfheal.domain.harm import Alarm, AlarmState

KINDS = ("MetricAlarm", "CompositeAlarm")


class CloudWatchAlarms:
    """AlarmReader. Needs cloudwatch:DescribeAlarms on every resource: with less it hides composite alarms."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, name: str) -> Alarm | None:
        """AlarmReader."""
        with calling("cloudwatch:DescribeAlarms"):
            reply = self._client.describe_alarms(AlarmNames=[name], AlarmTypes=list(KINDS))
        return next(_alarms(reply), None)

    def ringing(self) -> list[Alarm]:
        """AlarmReader."""
        replies = pages(
            self._client,
            "describe_alarms",
            "cloudwatch:DescribeAlarms",
            StateValue=AlarmState.ALARM.value,
            AlarmTypes=list(KINDS),
        )
        return [alarm for reply in replies for alarm in _alarms(reply)]


def _alarms(reply: Json) -> Iterator[Alarm]:
    for described in (each for kind in KINDS for each in reply.get(f"{kind}s", [])):
        data = _data(described.get("StateReasonData", ""))
        # The moment of the last update moves when the evaluation state changes; older alarms have no other.
        since = described.get("StateTransitionedTimestamp") or described["StateUpdatedTimestamp"]
        yield Alarm(
            name=described["AlarmName"],
            state=AlarmState(described["StateValue"]),
            since=since.astimezone(UTC),
            reason=described.get("StateReason", ""),
            datapoints=_numbers(data.get("recentDatapoints")),
            threshold=next(iter(_numbers([data.get("threshold")])), None),
        )


def _data(text: str) -> Json:
    """What the alarm was judged by. It has no promised form, and anybody who may set an alarm's state writes it."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list):
        return ()
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return tuple(float(v) for v in numbers if abs(v) < float("inf"))
