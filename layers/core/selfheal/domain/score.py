"""Score: how odd a run is, compared with its pipeline's baseline."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How sure it is that a run is odd. Both ``tell`` and ``heal`` open an incident; no remedy acts on one yet."""

    NONE = "none"
    TELL = "tell"
    HEAL = "heal"


@dataclass(frozen=True, slots=True)
class Blame:
    """A metric that was odd: its value, the baseline's median, and value / median (both in the metric's unit)."""

    metric: str
    value: float
    median: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` is the largest robust |z| of the run's metrics; ``ready`` is False while the baseline is too young."""

    value: float
    ready: bool
    level: Level
    blame: tuple[Blame, ...] = ()
    detector: str = "robust-z"
