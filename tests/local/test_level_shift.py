"""A project that becomes slower for good, on the deployed stack: told once, then normal; and the screens show it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.course import course
from cli.plot_screen import draw
from cli.surroundings import RealSurroundings
from local.cloud import LocalCloud
from local.records import Records
from local.result import Result

pytestmark = pytest.mark.local


@pytest.mark.timeout(3600)
def test_a_new_level_is_told_once_and_then_normal(
    cloud: LocalCloud, stored: Records, played: dict[str, Result], tmp_path: Path
) -> None:
    assert played["level_shift"].differences == []

    (standing,) = (s for s in stored.standings.recent(99) if s.pipeline.name == "demo-level-shift")
    assert (standing.runs, len(standing.recent)) == (27, 20)
    assert standing.odd and standing.odd.shift and standing.odd.blame and standing.odd.blame.ratio > 1.25

    surroundings = RealSurroundings()
    surroundings.cloud = cloud
    min_seconds = surroundings.min_seconds("", local=True)
    assert min_seconds == 1.0
    history = stored.runs.history(standing.pipeline, datetime.now(UTC), 99)
    stops = course(history[::-1], 27, min_seconds)
    assert [stop.run.score.shift for stop in stops if stop.run.score].index(True) == 24
    usual = [stop.usual.median for stop in stops if stop.usual]
    assert usual[-1] > 1.25 * usual[0]
    out = tmp_path / "shift.png"
    draw(str(standing.pipeline), stops, out)
    assert out.stat().st_size > 10_000
