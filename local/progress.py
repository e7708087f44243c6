"""How long-running work says how far it is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where a step stands. A NOTE belongs to a step but changes nothing about it."""

    RUNNING = "running"
    DONE = "done"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of starting or stopping the local cloud, as a person is shown it."""

    name: str
    stage: Stage
    detail: str = ""


Tell = Callable[[Step], None]
