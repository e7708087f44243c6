"""The same state machine on the tables: what holds in memory holds in DynamoDB's conditions and transactions."""

from itertools import count
from typing import Any

import boto3
from hypothesis import settings

from selfheal.adapters.dynamodb import (
    DynamoActions,
    DynamoBreakers,
    DynamoDecisions,
    DynamoIncidents,
    DynamoLedger,
    DynamoSwitch,
)
from selfheal.adapters.dynamodb.approvals import DynamoApprovals
from selfheal.testing.archive import MemoryArchive
from tests.adapters.conftest import make_table
from tests.governed.machine import Governed
from tests.governed.world import Kept

NUMBERS = count(1)


class GovernedOnDynamo(Governed):
    """Every example has a table of its own."""

    def kept(self) -> Kept:
        table = f"governed-{next(NUMBERS)}"
        client: Any = make_table(boto3.client("dynamodb"), table)
        return Kept(
            DynamoIncidents(client, table),
            DynamoLedger(client, table, MemoryArchive()),
            DynamoActions(client, table),
            DynamoBreakers(client, table),
            DynamoSwitch(client, table),
            DynamoApprovals(client, table),
            DynamoDecisions(client, table),
        )


TestGovernedOnDynamo = GovernedOnDynamo.TestCase
TestGovernedOnDynamo.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)
