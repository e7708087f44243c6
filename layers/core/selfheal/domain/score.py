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
    """How odd a run is; ``ready`` is False while its pipeline has fewer than five runs, and then nothing else counts.

    ``value`` is comparable across pipelines; ``p_value`` is the share of ordinary runs that score at least as
    much. ``shift``: this run is the one by which a new level of the duration was noticed. ``detector`` is
    ``forest``, ``endpoint`` when the hosted forest took the place of the global one, or ``magnitude`` when no forest
    could serve; ``model`` is the version of the model that served.
    """

    value: float
    ready: bool
    level: Level
    blame: tuple[Blame, ...] = ()
    detector: str = "forest"
    p_value: float = 1.0
    shift: bool = False
    model: str = ""
