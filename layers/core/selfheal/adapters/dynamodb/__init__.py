"""DynamoDB: the short memory, in one table.

| pk | sk | what | feed_pk | feed_sk |
| --- | --- | --- | --- | --- |
| RUN#<run id> | RUN | a measurement | PIPELINE#<key> | <started>#<run id> |
| RUN#<run id> | FAILURE | the fingerprint it failed with | FAILURE#<key>#<fingerprint> | <started>#<run id> |
| RUN#<run id> | TESTS | which tests failed in it | TESTS | <started>#<run id> |
| RUN#<run id> | STARTED_BY | the incident whose action started the run | | |
| INCIDENT#<id> | INCIDENT | an incident | INCIDENTS | <opened>#<id> |
| INCIDENT#<id> | ENTRY#<kind> | a ledger entry, as its archive has it | | |
| DECISION#<id> | DECISION | what was decided about the incident | | |
| APPROVAL#<id> | APPROVAL | the question whether it may be done, and how it stands | | |
| ANSWER#<id> | ANSWER | the approval or rejection of a person | | |
| ACTION#<id> | ACTION | the incident's one action | | |
| INCIDENT#<id> | BREAKER | the outcome was told to the breaker | | |
| LINEAGE#<lineage>, PIPELINE#<key>, ACCOUNT | BUDGET... | what has been spent | | |
| PIPELINE#<key> | ACTED | when the pipeline was last acted on | | |
| BREAKER#<key> | <remedy> | how the remedy fares there | | |
| TRACK#<pipeline>#<cause>#<remedy> | TRIAL#<at>#<incident> | what came of an action | TRACKS | <at>#<incident> |
| MODELS | ENTRY#<moment>#<event>#<version> | what was decided about a model | MODELS | the sk |
| MODELS | DRIFT | what the last check for drift found | | |
| PIPELINES | <key> | how the pipeline stands | PIPELINES | <started>#<key> |
| WAITER#<run id> | TOKEN#<hash> | who waits for the run | | |
| VAIN#<lineage> | <fingerprint> | what was tried in vain | | |

Each function may write only the partitions that it has to (``dynamodb:LeadingKeys`` in template.yaml), so what must not
be written by everybody has a partition of its own.

In a table of its own: pk CONTROL, sk SWITCH (how the kill switch stands) and ENTRY#<moment>#<event> (its record).
"""

from selfheal.adapters.dynamodb.actions import DynamoActions
from selfheal.adapters.dynamodb.breakers import DynamoBreakers
from selfheal.adapters.dynamodb.decisions import DynamoDecisions
from selfheal.adapters.dynamodb.incidents import DynamoIncidents
from selfheal.adapters.dynamodb.ledger import DynamoLedger
from selfheal.adapters.dynamodb.models import DynamoDrift, DynamoModelLedger
from selfheal.adapters.dynamodb.runs import DynamoRuns
from selfheal.adapters.dynamodb.switch import DynamoSwitch
from selfheal.adapters.dynamodb.waiters import DynamoWaiters

__all__ = [
    "DynamoActions",
    "DynamoBreakers",
    "DynamoDecisions",
    "DynamoDrift",
    "DynamoIncidents",
    "DynamoLedger",
    "DynamoModelLedger",
    "DynamoRuns",
    "DynamoSwitch",
    "DynamoWaiters",
]
