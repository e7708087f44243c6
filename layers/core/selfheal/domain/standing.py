"""Standing: how a pipeline stands after its latest run; what is shown of all pipelines at a glance."""

from dataclasses import dataclass
from datetime import datetime

from selfheal.domain.run import PipelineKey, RunStatus
from selfheal.domain.score import Blame, Score


@dataclass(frozen=True, slots=True)
class Recent:
    """One of a pipeline's last runs: how long it took, and whether it failed."""

    seconds: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Oddity:
    """The last run that was odd: when it started, what was blamed first (None: nothing), whether it was a level
    shift."""

    at: datetime
    blame: Blame | None
    shift: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a pipeline stands after the run ``run_id``, which started last.

    ``runs``: how many the window of the next run holds, at most 256. ``recent``: the last 20, oldest first.
    ``score`` is that of the latest run, None when it was never scored. ``odd`` is looked for in the window.
    """

    pipeline: PipelineKey
    run_id: str
    started_at: datetime
    status: RunStatus
    runs: int
    recent: tuple[Recent, ...]
    score: Score | None = None
    odd: Oddity | None = None

    @property
    def ready(self) -> bool:
        """Whether the latest run had enough runs before it to be judged."""
        return self.score is not None and self.score.ready
