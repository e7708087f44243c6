"""Decisions in DynamoDB: the first stands, for the incident that it was made on."""

import json
from dataclasses import replace
from typing import Any

import pytest

from selfheal.adapters.dynamodb import DynamoDecisions
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.errors import LedgerBroken
from selfheal.domain.incident import Incident, Lineage
from selfheal.domain.run import RunRef
from selfheal.testing.builders import SHOP, an_incident
from tests.adapters.conftest import TABLE

INCIDENT = an_incident()
FIRST = Decision(Verdict.ASK, "retry_build", "policy asks", "v1", cause="network")


def test_the_first_decision_stands(dynamodb: Any) -> None:
    decisions = DynamoDecisions(dynamodb, TABLE)
    assert decisions.of(INCIDENT) is None
    assert decisions.keep(INCIDENT, FIRST) == FIRST
    assert decisions.keep(INCIDENT, replace(FIRST, verdict=Verdict.ACT)) == FIRST
    assert decisions.of(INCIDENT) == FIRST


def test_an_incident_goes_on_and_is_the_same(dynamodb: Any) -> None:
    decisions = DynamoDecisions(dynamodb, TABLE)
    decisions.keep(INCIDENT, FIRST)
    assert decisions.of(replace(INCIDENT, status="approved")) == FIRST


def test_a_decision_of_an_older_version_that_knew_less_of_incidents_holds(dynamodb: Any) -> None:
    """A stack is updated while executions wait."""
    decisions = DynamoDecisions(dynamodb, TABLE)
    decisions.keep(INCIDENT, FIRST)
    [item] = dynamodb.scan(TableName=TABLE)["Items"]
    known = json.loads(item["incident"]["S"])
    del known["score"]["model"]
    dynamodb.put_item(TableName=TABLE, Item=item | {"incident": {"S": json.dumps(known)}})
    assert decisions.of(INCIDENT) == FIRST


@pytest.mark.parametrize(
    "altered",
    [
        replace(INCIDENT, run=RunRef(SHOP, "shop:2")),
        replace(INCIDENT, lineage=Lineage(SHOP, "f" * 40)),
    ],
)
def test_a_decision_holds_for_no_incident_that_was_altered_since(dynamodb: Any, altered: Incident) -> None:
    decisions = DynamoDecisions(dynamodb, TABLE)
    decisions.keep(INCIDENT, FIRST)
    with pytest.raises(LedgerBroken, match="another one"):
        decisions.of(altered)
