"""What stops actions, as Protocols; errors as in ports.py."""

from datetime import datetime
from typing import Protocol

from selfheal.domain.brakes import Pause, SwitchEntry
from selfheal.domain.run import PipelineKey


class Switch(Protocol):
    """The kill switch as the functions see it: they read it and cannot touch it."""

    def paused(self) -> Pause | None:
        """Who paused everything, read consistently and never remembered; None when nobody did."""


class SwitchBoard(Switch, Protocol):
    """The kill switch as people see it: they throw it, and everything they do with it is recorded."""

    def pause(self, pause: Pause) -> Pause:
        """Pause unless it is paused already; gives the pause that holds."""

    def resume(self, by: str, at: datetime) -> Pause | None:
        """End the pause and record who did; gives the pause that was ended, None when there was none."""

    def record(self, limit: int) -> list[SwitchEntry]:
        """What was done with it, newest first."""


class Breakers(Protocol):
    """The circuit breakers, fed with what came of actions."""

    def feed(
        self, incident_id: str, pipeline: PipelineKey, remedy: str, *, healed: bool, at: datetime
    ) -> None:
        """Count the outcome of an incident's action once, however often it is told."""
