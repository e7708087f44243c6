"""DynamoDB: the short memory, in one table.

| pk | sk | what | feed_pk | feed_sk |
| --- | --- | --- | --- | --- |
| RUN#<run id> | RUN | a measurement | PIPELINE#<key> | <started>#<run id> |
| RUN#<run id> | FAILURE | the fingerprint it failed with | FAILURE#<key>#<fingerprint> | <started>#<run id> |
| RUN#<run id> | STARTED_BY | the incident whose action started the run | | |
| INCIDENT#<id> | INCIDENT | an incident | INCIDENTS | <opened>#<id> |
| INCIDENT#<id> | ENTRY#<kind> | a ledger entry, as its archive has it | | |
| INCIDENT#<id> | ACTION | the incident's one action | | |
| LINEAGE#<lineage>, PIPELINE#<key>, ACCOUNT | BUDGET... | what has been spent | | |
| MODELS | ENTRY#<moment>#<event>#<version> | what was decided about a model | MODELS | the sk |
| MODELS | DRIFT | what the last check for drift found | | |
| PIPELINES | <key> | how the pipeline stands | PIPELINES | <started>#<key> |
| WAITER#<run id> | TOKEN#<hash> | who waits for the run | | |
"""

from selfheal.adapters.dynamodb.actions import DynamoActions
from selfheal.adapters.dynamodb.incidents import DynamoIncidents
from selfheal.adapters.dynamodb.ledger import DynamoLedger
from selfheal.adapters.dynamodb.models import DynamoDrift, DynamoModelLedger
from selfheal.adapters.dynamodb.runs import DynamoRuns
from selfheal.adapters.dynamodb.waiters import DynamoWaiters

__all__ = [
    "DynamoActions",
    "DynamoDrift",
    "DynamoIncidents",
    "DynamoLedger",
    "DynamoModelLedger",
    "DynamoRuns",
    "DynamoWaiters",
]
