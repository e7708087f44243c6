"""`selfheal backfill`: what it asks for, what it says, and how it fails."""

import json
from datetime import timedelta

import pytest

from selfheal.domain.run import PipelineKey, Run
from selfheal.measure_ports import Utilisation
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.service import FakeService
from tests.unit.cli.fakes import FakeSurroundings, run


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    for hours in (0.5, 2, 30, 24 * 91):
        start = NOON - timedelta(hours=hours)
        world.service.add(a_run(f"shop:{hours}", started_at=start, ended_at=start + timedelta(seconds=60)))
    return world


def test_ninety_days_but_not_the_last_hour_are_stored_and_counted(world: FakeSurroundings) -> None:
    done = run(world, "backfill", "--stack-name", "selfheal-dev")
    assert (done.exit_code, done.stdout) == (
        0,
        "2 runs: 2 stored, 0 known already, 0 set aside for numbers that cannot be, 0 gone.\n",
    )
    assert world.asked == [("selfheal-dev", False)] and world.wanted == [([], 5.0)]
    assert set(world.lake.held) == {"shop:2", "shop:30"}
    assert "codebuild" in done.stderr and "2 runs" in done.stderr


def test_as_json_stdout_holds_one_object_and_nothing_else(world: FakeSurroundings) -> None:
    done = run(world, "backfill", "--days", "1", "--json")
    assert json.loads(done.stdout) == {"stored": 1, "known": 0, "quarantined": 0, "gone": 0}


def test_pipelines_and_pace_are_handed_on(world: FakeSurroundings) -> None:
    names = ["codebuild:shop", "codepipeline:shop/Deploy"]
    run(world, "backfill", "--pipeline", names[0], "--pipeline", names[1], "--calls-per-second", "2")
    assert world.wanted == [([PipelineKey.parse(name) for name in names], 2.0)]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("shop", "is not <codebuild|codepipeline|codedeploy>:<name>"),
        ("codepipeline:shop", "must be codepipeline:<pipeline>/<stage>"),
        ("codedeploy:shop/", "must be codedeploy:<application>/<group>"),
    ],
)
def test_a_wrong_pipeline_is_named_with_the_fix(world: FakeSurroundings, name: str, problem: str) -> None:
    done = run(world, "backfill", "--pipeline", name)
    assert done.exit_code == 2
    assert "--pipeline: " in done.stderr and problem in done.stderr
    assert world.lake.written == []


def test_an_interruption_is_said_and_the_same_command_goes_on(world: FakeSurroundings) -> None:
    class Interrupted(FakeService):
        def utilisation(self, run: Run) -> Utilisation:
            raise KeyboardInterrupt

    service = world.service
    world.service = Interrupted(runs=service.runs)
    stopped = run(world, "backfill")
    assert stopped.exit_code == 130 and "stopped" in stopped.stderr
    world.service = service
    assert run(world, "backfill").stdout.startswith("2 runs: 2 stored")
