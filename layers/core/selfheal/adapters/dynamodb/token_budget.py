"""The token budgets: one counter for the incident and one for the day, in a table of their own."""

from datetime import UTC, timedelta

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, calling, error_code
from selfheal.adapters.dynamodb.table import key, number
from selfheal.domain.conversation import Reservation, TokenLimits
from selfheal.domain.errors import TokensSpent
from selfheal.ports import Clock

SK = "TOKENS"
KEPT = timedelta(days=7)
_REFUSED = "ConditionalCheckFailedException"


class DynamoTokenBudget:
    """TokenBudget. Needs dynamodb:UpdateItem, and nothing else, on its table."""

    def __init__(self, client: Client, table: str, clock: Clock, limits: TokenLimits) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._limits = limits

    def reserve(self, incident_id: str, tokens: int) -> Reservation:
        """TokenBudget. A crash after this leaves the tokens charged, and so does an incident the day refuses."""
        now = self._clock.now().astimezone(UTC)
        expires_at = int((now + KEPT).timestamp())
        counters = (
            (f"INCIDENT#{incident_id}", self._limits.per_incident, "this incident (ModelTokensPerIncident)"),
            (f"DAY#{now.date().isoformat()}", self._limits.per_day, "today (ModelTokensPerDay)"),
        )
        counts = {}
        for pk, limit, words in counters:
            count = self._charge(pk, tokens, limit, expires_at)
            if count is None:
                raise TokensSpent(f"no {tokens} tokens are left of the {limit} for {words}")
            counts[pk] = count
        return Reservation(tokens, counts)

    def give_back(self, reservation: Reservation, tokens: int) -> None:
        """TokenBudget. Doing it twice, as a retry may, takes back once: the counter stands elsewhere then."""
        for pk, count in reservation.counts.items():
            self._update(
                pk,
                UpdateExpression="ADD spent :unused",
                ConditionExpression="spent = :count",
                ExpressionAttributeValues={":unused": number(-tokens), ":count": number(count)},
            )

    def _charge(self, pk: str, tokens: int, limit: int, expires_at: int) -> int | None:
        """The counter after charging it; None when it has no room."""
        room = limit - tokens
        absent = "attribute_not_exists(spent) OR " if room >= 0 else ""
        return self._update(
            pk,
            UpdateExpression="ADD spent :tokens SET expires_at = :expires_at",
            ConditionExpression=f"{absent}spent <= :room",
            ExpressionAttributeValues={
                ":tokens": number(tokens),
                ":room": number(room),
                ":expires_at": number(expires_at),
            },
        )

    def _update(self, pk: str, **update: object) -> int | None:
        """The counter after a conditional update; None when the condition did not hold."""
        with calling("dynamodb:UpdateItem"):
            try:
                reply = self._client.update_item(
                    TableName=self._table, Key=key(pk, SK), ReturnValues="ALL_NEW", **update
                )
            except ClientError as error:
                if error_code(error) == _REFUSED:
                    return None
                raise
        return int(reply["Attributes"]["spent"]["N"])
