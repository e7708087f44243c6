"""`selfheal flaky list`: the register, from the memory of failures and of runs."""

import json
from datetime import timedelta

import pytest

from selfheal.domain.run import RunStatus
from selfheal.domain.sighting import Sighting
from selfheal.testing.builders import COMMIT, NOON, SHOP, a_measurement
from tests.unit.cli.fakes import FakeSurroundings, run

TEST = "tests/test_cart.py::test_total"


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    world.clock.advance(3600)
    world.stores.failures.remember(Sighting("shop:1", SHOP, "f", COMMIT, NOON, (TEST,)))
    world.stores.runs.save(a_measurement("shop:1", RunStatus.FAILED))
    world.stores.runs.save(a_measurement("shop:2", started_at=NOON + timedelta(minutes=9)))
    return world


def test_a_flaky_test_is_listed_with_its_counts_and_its_interval(world: FakeSurroundings) -> None:
    result = run(world, "flaky", "list")
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    assert TEST in shown
    assert "another attempt passed 1 of 1 time (21% to 100%); since 2026-01-15" in shown


def test_as_json(world: FakeSurroundings) -> None:
    (test,) = json.loads(run(world, "flaky", "list", "--json").stdout)["tests"]
    assert (test["pipeline"], test["test"], test["owner_hint"]) == (
        "codebuild:shop",
        TEST,
        "tests/test_cart.py",
    )
    assert (test["failed"], test["passed"], test["commits"], test["rate"]) == (1, 1, 1, 1.0)


def test_another_pipeline_has_none(world: FakeSurroundings) -> None:
    result = run(world, "flaky", "list", "--pipeline", "codebuild:other")
    assert result.exit_code == 0 and "No test is known" in result.stdout


def test_what_is_no_pipeline_is_said(world: FakeSurroundings) -> None:
    result = run(world, "flaky", "list", "--pipeline", "shop")
    assert result.exit_code == 2 and "'shop' is not <codebuild" in result.stderr
