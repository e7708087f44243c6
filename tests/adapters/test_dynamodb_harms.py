"""Which alarms an incident is about, in the table as in memory."""

from dataclasses import replace
from typing import Any

import pytest

from selfheal.adapters.dynamodb.harms import DynamoHarms
from selfheal.domain.harm import Alarm, AlarmState, Harm
from selfheal.harm_ports import Harms
from selfheal.testing.alarms import MemoryHarms
from selfheal.testing.builders import NOON
from tests.adapters.conftest import TABLE

RINGING = Alarm("shop-5xx", AlarmState.ALARM, NOON, "too many", (0.1, 14.0), 5.0)
HARM = Harm(RINGING, after_seconds=200.5, rivals=("codedeploy:shop/prod d-1",))


@pytest.fixture(params=["dynamodb", "memory"])
def harms(request: pytest.FixtureRequest, dynamodb: Any) -> Harms:
    return DynamoHarms(dynamodb, TABLE) if request.param == "dynamodb" else MemoryHarms()


def test_what_was_noted_comes_back_whole_in_the_order_of_names(harms: Harms) -> None:
    latency = Harm(Alarm("latency", AlarmState.ALARM, NOON), -3.0)
    assert harms.note("incident", HARM) and harms.note("incident", latency)
    assert harms.of_incident("incident") == [latency, HARM]


def test_the_first_note_of_an_alarm_stands(harms: Harms) -> None:
    assert harms.note("incident", HARM)
    assert not harms.note("incident", replace(HARM, after_seconds=900.0))
    assert harms.of_incident("incident") == [HARM]


def test_incidents_do_not_share_alarms(harms: Harms) -> None:
    harms.note("incident", HARM)
    assert harms.of_incident("another") == []
