"""What actions are charged to: one counter each for the commit, the pipeline's hour, the account's day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from selfheal.adapters.dynamodb.table import Item, key, number
from selfheal.domain.incident import Lineage
from selfheal.domain.policy import Budget

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter. ``expires_at`` (seconds since the epoch) is None for those that never expire."""

    pk: str
    sk: str
    limit: int
    expires_at: int | None = None

    def charge(self) -> Item:
        """The Update that spends one of it, on the condition that there is room."""
        expiry = " SET expires_at = :expires_at" if self.expires_at else ""
        # A counter that was never charged is absent: it has room, unless the limit leaves none at all.
        absent = "attribute_not_exists(spent) OR " if self.limit > 0 else ""
        return {
            "Key": key(self.pk, self.sk),
            "UpdateExpression": f"ADD spent :one{expiry}",
            "ConditionExpression": f"{absent}spent < :limit",
            "ExpressionAttributeValues": {
                ":one": number(1),
                ":limit": number(self.limit),
                **({":expires_at": number(self.expires_at)} if self.expires_at else {}),
            },
        }


def counters(lineage: Lineage, at: datetime, budget: Budget) -> tuple[Counter, Counter, Counter]:
    """The counters that an action at that moment is charged to, in the order of Budget's fields."""
    moment = at.astimezone(UTC)
    expires_at = int((moment + KEPT).timestamp())
    hour, day = moment.strftime("%Y-%m-%dT%H"), moment.date().isoformat()
    return (
        Counter(f"LINEAGE#{lineage}", "BUDGET", budget.per_commit),
        Counter(f"PIPELINE#{lineage.pipeline}", f"BUDGET#{hour}", budget.per_pipeline_hour, expires_at),
        Counter("ACCOUNT", f"BUDGET#{day}", budget.per_account_day, expires_at),
    )
