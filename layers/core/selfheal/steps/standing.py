"""How a pipeline stands, read off its runs."""

from collections.abc import Sequence

from selfheal.detect.detector import WINDOW
from selfheal.domain.score import Level
from selfheal.domain.standing import Oddity, Recent, Standing
from selfheal.ports import StoredRun

SHOWN = 20


def standing_of(runs: Sequence[StoredRun]) -> Standing:
    """How the pipeline of these runs stands; newest first, at least one."""
    latest = runs[0].measurement
    shown = [run.measurement for run in reversed(runs[:SHOWN])]
    return Standing(
        pipeline=latest.pipeline,
        run_id=latest.run_id,
        started_at=latest.started_at,
        status=latest.status,
        runs=min(len(runs), WINDOW),
        recent=tuple(Recent(run.duration_seconds, run.status.failed) for run in shown),
        score=runs[0].score,
        odd=next(filter(None, map(_oddity, runs)), None),
    )


def _oddity(run: StoredRun) -> Oddity | None:
    score = run.score
    if score is None or score.level is Level.NONE:
        return None
    return Oddity(run.measurement.started_at, next(iter(score.blame), None), score.shift)
