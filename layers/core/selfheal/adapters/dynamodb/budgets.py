"""What actions are charged to: a counter each for the commit, the pipeline's hour and the account's day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from selfheal.adapters.dynamodb.table import Item, key, number
from selfheal.domain.incident import Lineage
from selfheal.domain.limits import Limits
from selfheal.domain.spending import microdollars_allowed, seconds_allowed

KEPT = timedelta(days=7)
SPENT, SECONDS, MICRODOLLARS = "spent", "build_seconds", "microdollars"


@dataclass(frozen=True, slots=True)
class Amount:
    """What an action adds to a counter, and what the counter may not exceed."""

    added: int
    limit: int


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter of one or more amounts. ``expires_at`` (seconds since the epoch) is None for one that never does."""

    pk: str
    sk: str
    amounts: Mapping[str, Amount]
    expires_at: int | None = None

    def charge(self) -> Item:
        """The Update that adds every amount, on the condition that each has room; one of nothing needs none."""
        taken = {name: amount for name, amount in self.amounts.items() if amount.added}
        values = {f":add_{name}": number(amount.added) for name, amount in taken.items()}
        values |= {f":room_{name}": number(amount.limit - amount.added) for name, amount in taken.items()}
        expiry = " SET expires_at = :expires_at" if self.expires_at else ""
        return {
            "Key": key(self.pk, self.sk),
            "UpdateExpression": f"ADD {', '.join(f'{name} :add_{name}' for name in taken)}{expiry}",
            "ConditionExpression": " AND ".join(_has_room(name, amount) for name, amount in taken.items()),
            "ExpressionAttributeValues": values
            | ({":expires_at": number(self.expires_at)} if self.expires_at else {}),
        }


def _has_room(name: str, amount: Amount) -> str:
    """A counter that was never charged is absent: it has room, unless the limit leaves none at all."""
    absent = f"attribute_not_exists({name}) OR " if amount.limit >= amount.added else ""
    return f"({absent}{name} <= :room_{name})"


def counters(lineage: Lineage, at: datetime, limits: Limits) -> tuple[Counter, Counter, Counter]:
    """The counters that an action at that moment is charged to: the commit's, the hour's, the day's."""
    moment = at.astimezone(UTC)
    expires_at = int((moment + KEPT).timestamp())
    hour, day = moment.strftime("%Y-%m-%dT%H"), moment.date().isoformat()
    budget, cost = limits.budget, limits.cost
    of_day = {
        SPENT: Amount(1, budget.per_account_day),
        SECONDS: Amount(cost.build_seconds, seconds_allowed(budget)),
        MICRODOLLARS: Amount(cost.microdollars, microdollars_allowed(budget)),
    }
    of_hour = {SPENT: Amount(1, budget.per_pipeline_hour)}
    return (
        Counter(f"LINEAGE#{lineage}", "BUDGET", {SPENT: Amount(1, budget.per_commit)}),
        Counter(f"PIPELINE#{lineage.pipeline}", f"BUDGET#{hour}", of_hour, expires_at),
        Counter("ACCOUNT", f"BUDGET#{day}", of_day, expires_at),
    )
