"""How pipelines stand in the table: one item each, which only a later run replaces."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from selfheal.adapters.dynamodb.runs import DynamoRuns
from selfheal.adapters.dynamodb.standings import DynamoStandings
from selfheal.domain.run import PipelineKey, RunStatus, Service
from selfheal.domain.score import Blame, Level, Score
from selfheal.domain.standing import Oddity, Recent, Standing
from selfheal.measure_ports import Standings
from selfheal.testing.builders import NOON, SHOP, a_measurement
from selfheal.testing.standings import MemoryStandings
from tests.adapters.conftest import TABLE

SLOW = Score(1.9, True, Level.TELL, (Blame("phase:BUILD", 90.0, 30.0, 3.0),), p_value=0.003, shift=True)
STANDING = Standing(
    pipeline=SHOP,
    run_id="shop:7",
    started_at=NOON,
    status=RunStatus.TIMED_OUT,
    runs=7,
    recent=(Recent(61.25, failed=False), Recent(90.0, failed=True)),
    score=SLOW,
    odd=Oddity(NOON, SLOW.blame[0], shift=True),
)


@pytest.fixture(params=["dynamodb", "memory"])
def standings(request: pytest.FixtureRequest, dynamodb: Any) -> Standings:
    return DynamoStandings(dynamodb, TABLE) if request.param == "dynamodb" else MemoryStandings()


def later(minutes: float, name: str = "shop") -> Standing:
    key = PipelineKey(Service.CODEBUILD, name)
    return replace(STANDING, pipeline=key, run_id=f"{name}:8", started_at=NOON + timedelta(minutes=minutes))


def test_a_standing_comes_back_as_it_was(standings: Standings) -> None:
    bare = replace(later(-1, "new"), score=None, odd=None, recent=())
    assert standings.keep(STANDING) and standings.keep(bare)
    assert standings.recent(9) == [STANDING, bare]


def test_a_later_run_replaces_an_earlier_one_and_never_the_other_way_round(standings: Standings) -> None:
    assert standings.keep(later(1))
    assert not standings.keep(STANDING)
    assert standings.recent(9) == [later(1)]
    assert standings.keep(later(2))
    assert standings.recent(9) == [later(2)]


def test_a_run_that_is_scored_again_takes_its_own_place(standings: Standings) -> None:
    assert standings.keep(STANDING) and standings.keep(replace(STANDING, runs=8))
    assert [each.runs for each in standings.recent(9)] == [8]


def test_the_newest_activity_comes_first_and_a_limit_leaves_out_the_oldest(standings: Standings) -> None:
    for minutes, name in ((3, "busy"), (0, "idle"), (9, "latest")):
        standings.keep(later(minutes, name))
    assert [each.pipeline.name for each in standings.recent(9)] == ["latest", "busy", "idle"]
    assert [each.pipeline.name for each in standings.recent(2)] == ["latest", "busy"]


def test_a_pipeline_s_item_is_no_run_of_it(dynamodb: Any) -> None:
    DynamoRuns(dynamodb, TABLE).save(a_measurement())
    DynamoStandings(dynamodb, TABLE).keep(STANDING)
    history = DynamoRuns(dynamodb, TABLE).history(SHOP, NOON + timedelta(days=1), 9)
    assert [run.measurement.run_id for run in history] == ["shop:1"]
    item = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": "PIPELINES"}, "sk": {"S": "codebuild:shop"}})
    assert item["Item"]["expires_at"]["N"] == str(int((NOON + timedelta(days=400)).timestamp()))
