"""What the deployed stack has written down, read through its own adapters."""

from dataclasses import dataclass
from typing import Any

from selfheal.adapters.dynamodb.incidents import DynamoIncidents
from selfheal.adapters.dynamodb.ledger import DynamoLedger
from selfheal.adapters.dynamodb.models import DynamoModelLedger
from selfheal.adapters.dynamodb.runs import DynamoRuns
from selfheal.adapters.dynamodb.standings import DynamoStandings
from selfheal.adapters.s3_models import S3Models
from selfheal.measure_ports import Standings
from selfheal.model_ports import ModelLedger, ModelStore
from selfheal.ports import IncidentStore, Ledger, RunStore


@dataclass(frozen=True, slots=True)
class Records:
    """The stores of one stack."""

    incidents: IncidentStore
    ledger: Ledger
    runs: RunStore
    standings: Standings


def records(dynamodb: Any, table: str) -> Records:
    """The stores behind a stack's table."""
    return Records(
        DynamoIncidents(dynamodb, table),
        DynamoLedger(dynamodb, table),
        DynamoRuns(dynamodb, table),
        DynamoStandings(dynamodb, table),
    )


@dataclass(frozen=True, slots=True)
class Models:
    """The models of one stack, and what was decided about them."""

    store: ModelStore
    ledger: ModelLedger


def models(dynamodb: Any, table: str, s3: Any, bucket: str) -> Models:
    """The models behind a stack's bucket and table."""
    return Models(S3Models(s3, bucket), DynamoModelLedger(dynamodb, table))
