"""Judging metric alarms by their own definitions, because MiniStack tells nobody when one changes its state.

Source: CloudWatch user guide, "Evaluating an alarm", and the EventBridge event "CloudWatch Alarm State Change".
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.devtools.events import Event, EventPublisher
from local.devtools.wire import Json

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
LOOK_SECONDS = 2.0
STANDARD_PERIOD = 60
STATISTICS = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
BREACHES: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": ("greater than", lambda value, threshold: value > threshold),
    "GreaterThanOrEqualToThreshold": (
        "greater than or equal to",
        lambda value, threshold: value >= threshold,
    ),
    "LessThanThreshold": ("less than", lambda value, threshold: value < threshold),
    "LessThanOrEqualToThreshold": ("less than or equal to", lambda value, threshold: value <= threshold),
}
OF_MISSING = {"notBreaching": OK, "breaching": ALARM}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judgement:
    """The state that an alarm ought to be in, and why in CloudWatch's words; ``values``: oldest first."""

    state: str
    reason: str
    values: tuple[float, ...] = ()


def judge(alarm: Json, values: Sequence[float | None]) -> Judgement | None:
    """Judge an alarm (as DescribeAlarms gives it) by its last periods, oldest first; None: it stays as it is."""
    known = tuple(value for value in values if value is not None)
    treatment = alarm.get("TreatMissingData", "missing")
    if not known:
        if treatment == "ignore":
            return None
        return Judgement(
            OF_MISSING.get(treatment, NO_DATA), f"no datapoints were received for {len(values)} period(s)"
        )
    words, breaches = BREACHES[alarm["ComparisonOperator"]]
    missing = (len(values) - len(known)) if treatment == "breaching" else 0
    count = sum(breaches(value, alarm["Threshold"]) for value in known) + missing
    state = ALARM if count >= (alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]) else OK
    shown = ", ".join(str(value) for value in reversed(known))
    held = f"{'was' if state == ALARM else 'was not'} {words} the threshold ({alarm['Threshold']})"
    reason = f"Threshold Crossed: {len(known)} datapoint(s) [{shown}] {held}."
    return Judgement(state, reason, known)


class AlarmWatch:
    """Looks at all metric alarms until ``closing``: those with short periods often, the others once a minute."""

    def __init__(self, cloudwatch: Any, events: EventPublisher, closing: threading.Event) -> None:
        self._cloudwatch, self._events, self._closing = cloudwatch, events, closing
        self._known: dict[str, Json] = {}
        self._looked: dict[str, float] = {}
        self._thread = threading.Thread(target=self._work, name="alarms", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def look(self) -> None:
        """Judge every alarm whose time has come."""
        for page in self._cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"]):
            for alarm in page["MetricAlarms"]:
                if self._is_due(alarm):
                    self._judge(alarm)

    def _work(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            try:
                self.look()
            except (BotoCoreError, ClientError) as error:
                log.warning("alarms cannot be looked at: %s", error)

    def _is_due(self, alarm: Json) -> bool:
        """Metric math, percentiles and anomaly bands are not judged here."""
        judged = alarm.get("Statistic") in STATISTICS and alarm.get("ComparisonOperator") in BREACHES
        pause = (
            LOOK_SECONDS / 2 if alarm.get("Period", STANDARD_PERIOD) < STANDARD_PERIOD else STANDARD_PERIOD
        )
        now = time.monotonic()
        if not judged or now - self._looked.get(alarm["AlarmName"], -pause) < pause:
            return False
        self._looked[alarm["AlarmName"]] = now
        return True

    def _judge(self, alarm: Json) -> None:
        name = alarm["AlarmName"]
        judgement = judge(alarm, self._values(alarm))
        # MiniStack judges alarms too, more roughly and without telling; what counts is what was told.
        before = self._known.get(name, {"value": NO_DATA, "reason": "Unchecked: Initial alarm creation"})
        if judgement is None or judgement.state == before["value"]:
            return
        data = json.dumps(_reason_data(alarm, judgement))
        self._cloudwatch.set_alarm_state(
            AlarmName=name, StateValue=judgement.state, StateReason=judgement.reason, StateReasonData=data
        )
        stamp = _stamp(time.time())
        state = {"value": judgement.state, "reason": judgement.reason, "reasonData": data, "timestamp": stamp}
        self._known[name] = state
        self._events.publish(_change(alarm, state, before))

    def _values(self, alarm: Json) -> list[float | None]:
        """The alarm's statistic for each of its periods that is over, None where there is no datum."""
        period, count = alarm["Period"], alarm["EvaluationPeriods"]
        end = int(time.time()) // period * period
        starts = [end - period * back for back in range(count, 0, -1)]
        reply = self._cloudwatch.get_metric_statistics(
            Namespace=alarm["Namespace"],
            MetricName=alarm["MetricName"],
            Dimensions=alarm.get("Dimensions", []),
            StartTime=datetime.fromtimestamp(starts[0], UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            Period=period,
            Statistics=[alarm["Statistic"]],
        )
        found = {
            int(point["Timestamp"].timestamp()) // period * period: float(point[alarm["Statistic"]])
            for point in reply["Datapoints"]
        }
        return [found.get(start) for start in starts]


def _change(alarm: Json, state: Json, before: Json) -> Event:
    metric = {
        "namespace": alarm["Namespace"],
        "name": alarm["MetricName"],
        "dimensions": {item["Name"]: item["Value"] for item in alarm.get("Dimensions", [])},
    }
    stat = {"metric": metric, "period": alarm["Period"], "stat": alarm["Statistic"]}
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": state,
        "previousState": before,
        "configuration": {
            "description": alarm.get("AlarmDescription", ""),
            "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}],
        },
    }
    resources = (alarm["AlarmArn"],)
    return Event(
        "cloudwatch", "CloudWatch Alarm State Change", alarm["AlarmName"], resources, detail, time.time()
    )


def _reason_data(alarm: Json, judgement: Judgement) -> Json:
    return {
        "version": "1.0",
        "queryDate": _stamp(time.time()),
        "statistic": alarm["Statistic"],
        "period": alarm["Period"],
        "recentDatapoints": list(judgement.values),
        "threshold": alarm["Threshold"],
    }


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
