"""Who may be in which stage of a pipeline, and who waits before it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from local.devtools.executions import Execution

QUEUED_MODE, SUPERSEDED_MODE = "QUEUED", "SUPERSEDED"


@dataclass(frozen=True)
class Transition:
    """Whether executions may come into a stage; who changed that last, when (epoch seconds) and why."""

    enabled: bool = True
    by: str = ""
    at: float | None = None
    reason: str = ""


class Gates:
    """One execution at a time in a stage. In mode SUPERSEDED only the latest arrival goes on waiting before one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: dict[str, Execution] = {}
        self._latest: dict[str, Execution] = {}
        self._waiting: dict[str, list[Execution]] = {}
        self._transitions: dict[str, Transition] = {}

    def enter(self, stage: str, execution: Execution) -> bool:
        """Wait before a stage and go in; False when a later execution superseded this one meanwhile."""
        with self._changed:
            waiting = self._waiting.setdefault(stage, [])
            if execution.mode == SUPERSEDED_MODE:
                waiting.clear()
                self._changed.notify_all()
            waiting.append(execution)
            self._changed.wait_for(lambda: execution not in waiting or self._may_enter(stage, execution))
            if execution not in waiting:
                return False
            waiting.remove(execution)
            self._take(stage, execution)
            return True

    def take(self, stage: str, execution: Execution) -> bool:
        """Go into a stage at once, whatever its transition says; False when another execution is in it."""
        with self._changed:
            if stage in self._inside:
                return False
            self._take(stage, execution)
            return True

    def leave(self, stage: str) -> None:
        """Make room for the next."""
        with self._changed:
            del self._inside[stage]
            self._changed.notify_all()

    def set_transition(self, stage: str, enabled: bool, by: str, reason: str = "") -> None:
        """Let executions come into a stage, or hold them before it."""
        with self._changed:
            self._transitions[stage] = Transition(enabled, by, time.time(), reason)
            self._changed.notify_all()

    def transition(self, stage: str) -> Transition:
        """How the way into a stage stands."""
        return self._transitions.get(stage, Transition())

    def latest(self, stage: str) -> Execution | None:
        """The execution that came into a stage last."""
        return self._latest.get(stage)

    def waiting(self, stage: str) -> list[Execution]:
        """The executions before a stage, the first to enter first."""
        with self._changed:
            return list(self._waiting.get(stage, []))

    def _may_enter(self, stage: str, execution: Execution) -> bool:
        first = self._waiting[stage][0] is execution
        return first and stage not in self._inside and self.transition(stage).enabled

    def _take(self, stage: str, execution: Execution) -> None:
        self._inside[stage] = self._latest[stage] = execution
