"""Limits: what one action is held to in the very transaction that writes its intent. Pure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from selfheal.domain.brakes import Brakes
from selfheal.domain.policy import Breaker, Budget
from selfheal.domain.spending import Cost, Spent


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets, cool-down and breaker of the policy, and the ``cost`` that the action is estimated at."""

    budget: Budget = field(default_factory=Budget)
    cost: Cost = field(default_factory=Cost)
    cool_down_seconds: int = 0
    breaker: Breaker = field(default_factory=Breaker)

    def objection(self, pipeline: str, remedy: str, spent: Spent, brakes: Brakes, at: datetime) -> str:
        """The first limit that leaves no room at that moment, in plain words; empty when all do."""
        return (
            tripped(pipeline, remedy, self.breaker, brakes, at)
            or self._cooling(pipeline, brakes, at)
            or spent.exhausted(self.budget, self.cost)
        )

    def _cooling(self, pipeline: str, brakes: Brakes, at: datetime) -> str:
        until = brakes.cooling_until(self.cool_down_seconds, at)
        if until is None:
            return ""
        return (
            f"{pipeline} cools down until {moment(until)} after the last action on it "
            f"(cool_down_seconds = {self.cool_down_seconds})"
        )


def tripped(pipeline: str, remedy: str, breaker: Breaker, brakes: Brakes, at: datetime) -> str:
    """Why the breaker lets nothing through at that moment; empty when it does."""
    until = brakes.open_until(breaker, at)
    if until is None:
        return ""
    return (
        f"the breaker is open: {remedy} did not heal {pipeline} {brakes.failures} times in a row "
        f"(breaker.failures = {breaker.failures}); one attempt is let through from {moment(until)}"
    )


def moment(at: datetime) -> str:
    """A moment as people read it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
