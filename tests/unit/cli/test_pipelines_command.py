"""`selfheal pipelines`: how every pipeline stands, for people within 80 columns and for machines as JSON."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from cli.pipelines_screen import pipelines_table, sparkline
from selfheal.domain.run import PipelineKey, RunStatus
from selfheal.domain.score import Blame, Level, Score
from selfheal.domain.standing import Oddity, Recent, Standing
from selfheal.testing.builders import NOON, SHOP
from tests.unit.cli.fakes import FakeSurroundings, run

SLOW = Blame("phase:BUILD", 90.0, 30.0, 3.0)
ODD = Standing(
    pipeline=SHOP,
    run_id="shop:7",
    started_at=NOON,
    status=RunStatus.SUCCEEDED,
    runs=41,
    recent=(*(Recent(30.0, failed=False) for _ in range(19)), Recent(90.0, failed=False)),
    score=Score(1.94, True, Level.HEAL, (SLOW,), p_value=0.0012),
    odd=Oddity(NOON, SLOW, shift=False),
)
YOUNG = replace(
    ODD,
    pipeline=PipelineKey.parse("codepipeline:storefront/Deploy"),
    started_at=NOON + timedelta(hours=1),
    status=RunStatus.TIMED_OUT,
    runs=3,
    recent=(Recent(2.5, failed=False), Recent(0.5, failed=True)),
    score=Score(0.0, ready=False, level=Level.NONE),
    odd=None,
)


def shown(*standings: Standing) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    console.print(pipelines_table(standings))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    for standing in (ODD, YOUNG):
        world.stores.standings.keep(standing)
    return world


def test_the_table_has_the_latest_activity_first_and_all_there_is_to_know(world: FakeSurroundings) -> None:
    lines = run(world, "pipelines").stdout.splitlines()
    assert [line.split()[0] for line in lines[1::2]] == ["codepipeline:storefront/Deploy", "codebuild:shop"]
    assert all(word in lines[1] for word in (" 3 ", "timed out", "-"))
    assert all(word in lines[2] for word in ("nothing odd", "warming", "01-15 13:00", "2.5 s"))
    assert all(word in lines[3] for word in (" 41 ", "succeeded", "1.94 heal", "▃" * 19 + "█"))
    assert all(word in lines[4] for word in ("phase:BUILD 3x, 01-15", "ready", "p 0.0012", "30 s to 90 s"))


def test_the_longest_words_fit_80_columns_and_lose_nothing() -> None:
    longest = replace(
        ODD,
        pipeline=PipelineKey.parse("codepipeline:" + "storefront-production-" * 3 + "/Deploy"),
        runs=256,
        score=Score(10.55, True, Level.HEAL, p_value=0.000123),
        odd=Oddity(NOON, Blame("tests_skipped_percent", 90.0, 1.0, 9000.0), shift=True),
    )
    lines = shown(longest)
    assert all(len(line) <= 80 for line in lines)
    assert str(longest.pipeline) in "".join(line[: lines[0].index("runs")].strip() for line in lines)
    assert "9000x" in "".join(lines) and "10.55 heal" in lines[1] and "█" in lines[1]


def test_a_level_shift_is_called_a_new_level() -> None:
    assert "new level: phase:BUILD 3x" in shown(replace(ODD, odd=Oddity(NOON, SLOW, shift=True)))[2]


@pytest.mark.parametrize(
    ("recent", "bars"),
    [
        ([], ""),
        ([(0.0, False)], "▁"),
        ([(1.0, False), (8.0, False), (4.0, False)], "▂█▅"),
        ([(10.0, False), (99.0, True), (5.0, False)], "█×▅"),
        ([(99.0, True)], "×"),
    ],
)
def test_a_sparkline_has_a_bar_for_each_run_and_a_mark_for_each_failed_one(
    recent: list[tuple[float, bool]], bars: str
) -> None:
    assert sparkline([Recent(*each) for each in recent]) == bars


def test_the_document_has_every_figure_and_null_where_there_is_no_verdict(world: FakeSurroundings) -> None:
    young, odd = json.loads(run(world, "pipelines", "--json").stdout)["pipelines"]
    assert odd == {
        "pipeline": "codebuild:shop",
        "run_id": "shop:7",
        "started_at": NOON.isoformat(),
        "status": "SUCCEEDED",
        "runs": 41,
        "state": "ready",
        "score": 1.94,
        "level": "heal",
        "p_value": 0.0012,
        "shift": False,
        "odd": {
            "at": NOON.isoformat(),
            "blame": {"metric": "phase:BUILD", "value": 90.0, "median": 30.0, "ratio": 3.0},
            "shift": False,
        },
        "durations": [30.0] * 19 + [90.0],
    }
    assert (young["state"], young["score"], young["level"], young["odd"]) == ("warming", None, None, None)


def test_a_limit_keeps_the_latest(world: FakeSurroundings) -> None:
    (only,) = json.loads(run(world, "pipelines", "--json", "--limit", "1").stdout)["pipelines"]
    assert only["pipeline"] == "codepipeline:storefront/Deploy"


def test_an_empty_stack_says_how_pipelines_come_here_and_the_stack_can_be_named() -> None:
    world = FakeSurroundings()
    assert "selfheal backfill" in run(world, "pipelines", "--stack-name", "prod").stdout
    assert json.loads(run(world, "pipelines", "--json", "--local").stdout) == {"pipelines": []}
    assert world.asked == [("prod", False), ("", True)]
