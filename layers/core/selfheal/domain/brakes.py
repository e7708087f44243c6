"""Brakes: what stops actions apart from rules and budgets: the kill switch, the cool-down, the circuit breaker."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from selfheal.domain.policy import Breaker


@dataclass(frozen=True, slots=True)
class Pause:
    """The kill switch is thrown: by which IAM identity, when and why. Nothing is done until somebody resumes."""

    by: str
    at: datetime
    reason: str = ""


class SwitchEvent(StrEnum):
    """What can be done with the kill switch."""

    PAUSED = "paused"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class SwitchEntry:
    """One line of the kill switch's record."""

    event: SwitchEvent
    by: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Brakes:
    """What the table remembers of one pipeline and one remedy.

    ``acted_at``: when the last action on the pipeline was intended, by whichever remedy. ``failures``: how many
    outcomes of the remedy there were not good, in a row. ``tried_at``: when it was last attempted there or failed;
    ``tried_for``: the incident of that attempt, empty once it failed.
    """

    acted_at: datetime | None = None
    failures: int = 0
    tried_at: datetime | None = None
    tried_for: str = ""

    def cooling_until(self, cool_down_seconds: int, at: datetime) -> datetime | None:
        """When the pipeline may be acted on again; None when it may be at that moment."""
        return _later(self.acted_at, cool_down_seconds, at)

    def open_until(self, breaker: Breaker, at: datetime) -> datetime | None:
        """When the breaker lets one attempt through; None when it does at that moment."""
        if self.failures < breaker.failures:
            return None
        return _later(self.tried_at, breaker.half_open_seconds, at)


def _later(since: datetime | None, seconds: int, at: datetime) -> datetime | None:
    end = since + timedelta(seconds=seconds) if since else None
    return end if end and end > at else None
