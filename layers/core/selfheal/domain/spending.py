"""Spending: what actions cost, what the budgets have been charged, and what one action is held to."""

from dataclasses import dataclass

from selfheal.domain.policy import Budget

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate of what one action takes: seconds of builds and millionths of a US dollar."""

    build_seconds: int = 0
    microdollars: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What has been charged already, on the scales of Budget: actions, seconds of builds, millionths of a dollar."""

    per_commit: int = 0
    per_pipeline_hour: int = 0
    per_account_day: int = 0
    build_seconds: int = 0
    microdollars: int = 0

    def exhausted(self, budget: Budget, cost: Cost) -> str:
        """The first budget that leaves no room for one more action of that cost, in words; empty when all have."""
        actions = (
            ("per_commit", "this commit", self.per_commit, budget.per_commit),
            (
                "per_pipeline_hour",
                "this pipeline in this hour",
                self.per_pipeline_hour,
                budget.per_pipeline_hour,
            ),
            ("per_account_day", "this account today", self.per_account_day, budget.per_account_day),
        )
        for key, scope, used, allowed in actions:
            if used >= allowed:
                return f"budget spent: {used} of {allowed} actions used for {scope} (budget.{key})"
        return self._time_spent(budget, cost) or self._money_spent(budget, cost)

    def _time_spent(self, budget: Budget, cost: Cost) -> str:
        if not cost.build_seconds or self.build_seconds + cost.build_seconds <= seconds_allowed(budget):
            return ""
        used, more = self.build_seconds / 60, cost.build_seconds / 60
        return (
            f"budget spent: {used:.1f} of {budget.build_minutes_per_day} build minutes used today, and this would "
            f"take about {more:.1f} more (budget.build_minutes_per_day)"
        )

    def _money_spent(self, budget: Budget, cost: Cost) -> str:
        if not cost.microdollars or self.microdollars + cost.microdollars <= microdollars_allowed(budget):
            return ""
        used, more = self.microdollars / MICRO, cost.microdollars / MICRO
        return (
            f"budget spent: ${used:.2f} of ${budget.dollars_per_day:.2f} used today, and this would cost about "
            f"${more:.2f} more (budget.dollars_per_day)"
        )


def seconds_allowed(budget: Budget) -> int:
    """Seconds of builds in a day."""
    return budget.build_minutes_per_day * 60


def microdollars_allowed(budget: Budget) -> int:
    """Millionths of a US dollar in a day."""
    return round(budget.dollars_per_day * MICRO)
