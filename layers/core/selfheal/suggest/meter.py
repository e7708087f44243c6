"""The meter of one suggestion: every call is charged to the budgets before it is made."""

from contextlib import suppress
from dataclasses import dataclass, field

from selfheal.domain.conversation import Reservation, Usage
from selfheal.domain.errors import RequestRejected, ServiceUnavailable, Throttled
from selfheal.ports import TokenBudget


@dataclass(slots=True)
class IncidentMeter:
    """Meter over the durable budgets; ``used`` grows by one for each call that used tokens."""

    budget: TokenBudget
    incident_id: str
    used: list[Usage] = field(default_factory=list)

    def reserve(self, tokens: int) -> Reservation:
        """Meter."""
        return self.budget.reserve(self.incident_id, tokens)

    def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """Meter. What cannot be given back stays charged: a budget may close early, never late."""
        if usage:
            self.used.append(usage)
        unused = reservation.tokens - (usage.tokens if usage else 0)
        if unused > 0:
            with suppress(Throttled, ServiceUnavailable, RequestRejected):
                self.budget.give_back(reservation, unused)
