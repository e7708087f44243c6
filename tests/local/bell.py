"""An alarm of the local cloud that a test lets go off, and what came of it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from local.clients import client
from local.patience import Patience
from local.records import Records
from local.state import CloudState
from local.story import Story
from selfheal.domain.incident import harm_incident_id

DATA = json.dumps({"version": "1.0", "recentDatapoints": [0.0, 3.0, 14.0], "threshold": 5.0})
T = TypeVar("T")


class Bell:
    """One alarm of that name."""

    def __init__(self, state: CloudState, name: str) -> None:
        self.name, self._state = name, state
        self._cloudwatch = client(state, "cloudwatch")

    def ring(self) -> None:
        """Let it go off, and tell of it as CloudWatch would.

        Not in the second in which a deployment has ended: MiniStack stamps alarms with whole seconds, cut off.
        """
        time.sleep(1.1)
        self._cloudwatch.put_metric_alarm(
            AlarmName=self.name, Namespace="Shop", MetricName="5xx", Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=5.0, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
        self._set("ALARM", "too many errors")
        self.tell()

    def tell(self) -> None:
        """Send the event alone."""
        detail = {"alarmName": self.name, "state": {"value": "ALARM"}, "previousState": {"value": "OK"}}
        entry = {"Source": "sim.cloudwatch", "DetailType": "CloudWatch Alarm State Change"}
        client(self._state, "events").put_events(Entries=[entry | {"Detail": json.dumps(detail)}])

    def settle(self) -> None:
        """Let it be quiet again."""
        self._set("OK", "no errors any more")

    def watched(self) -> list[str]:
        """The incidents that the deployed function finds it to belong to."""
        function = self._state.outputs["WatchDeploymentFunctionName"]
        event = {"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": self.name}}
        reply = client(self._state, "lambda").invoke(
            FunctionName=function, Payload=json.dumps(event).encode()
        )
        return list(json.loads(reply["Payload"].read())["incidents"])

    def remove(self) -> None:
        """There is no such alarm any more."""
        self._cloudwatch.delete_alarms(AlarmNames=[self.name])

    def _set(self, state: str, reason: str) -> None:
        self._cloudwatch.set_alarm_state(
            AlarmName=self.name, StateValue=state, StateReason=reason, StateReasonData=DATA
        )


@contextmanager
def a_bell(state: CloudState, name: str) -> Iterator[Bell]:
    """An alarm that is gone in the end."""
    bell = Bell(state, name)
    try:
        yield bell
    finally:
        bell.remove()


def until(what: str, condition: Callable[[], T | None]) -> T:
    """The first value of ``condition`` that is not None. Raises ScenarioStuck after ten minutes."""
    return Patience(600, threading.Event(), "").until(what, condition)


def harm_of(stored: Records, run_id: str) -> Story:
    """The whole story of the harm that a run did."""

    def over() -> Story | None:
        found = Story(stored.ledger.entries(harm_incident_id(run_id)))
        return found if found.over else None

    return until(f"the end of the incident of {run_id}", over)
