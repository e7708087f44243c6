"""`selfheal pause`, `resume` and `status`: under the IAM identity of whoever turns the kill switch."""

import json

import pytest

from selfheal.domain.brakes import Pause
from selfheal.testing.builders import NOON
from tests.unit.cli.fakes import ANN, FakeSurroundings, run

BOB = "arn:aws:sts::111122223333:assumed-role/developer/bob"


def test_a_pause_is_recorded_with_who_when_and_why_and_holds_until_the_resume() -> None:
    world = FakeSurroundings()
    result = run(world, "pause", "--reason", "too many rollbacks", "--stack-name", "prod")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"prod: paused by {ANN} since 2026-01-15 12:00:00 UTC: too many rollbacks\n"
    assert world.brakes.switch.paused() == Pause(ANN, NOON, "too many rollbacks")
    world.clock.advance(60)
    result = run(world, "resume", "--stack-name", "prod")
    assert result.stdout.startswith(f"prod: resumed, says {ANN}; it was paused by {ANN}")
    assert world.brakes.switch.paused() is None
    assert set(world.asked) == {("prod", False)}
    lines = run(world, "status").stdout.splitlines()
    assert lines == [
        "the local cloud: nothing is paused: policy decides",
        f"  2026-01-15 12:01:00 resumed by {ANN}",
        f"  2026-01-15 12:00:00 paused by {ANN}: too many rollbacks",
    ]


def test_the_first_pause_stands() -> None:
    world = FakeSurroundings()
    world.brakes.switch.pause(Pause(BOB, NOON))
    world.clock.advance(60)
    result = run(world, "pause", "--reason", "me too")
    assert (result.exit_code, result.stdout) == (
        0,
        f"the local cloud: already paused by {BOB} since 2026-01-15 12:00:00 UTC\n",
    )
    assert len(world.brakes.switch.record(9)) == 1


def test_a_resume_without_a_pause_is_no_error() -> None:
    result = run(FakeSurroundings(), "resume")
    assert (result.exit_code, result.stdout) == (0, "the local cloud: nothing is paused\n")


def test_the_same_as_json() -> None:
    world = FakeSurroundings()
    assert json.loads(run(world, "status", "--json").stdout) == {"paused": None, "record": []}
    paused = json.loads(run(world, "pause", "--json").stdout)["paused"]
    assert (paused["by"], paused["reason"]) == (ANN, "")
    status = json.loads(run(world, "status", "--json").stdout)
    assert status["paused"] == paused and [entry["event"] for entry in status["record"]] == ["paused"]
    assert json.loads(run(world, "resume", "--json").stdout) == {"paused": None, "ended": paused}


def test_a_reason_is_one_short_line() -> None:
    for reason in ("a\nb", "x" * 201):
        result = run(FakeSurroundings(), "pause", "--reason", reason)
        assert result.exit_code == 2 and "--reason: must be one line" in result.stderr


def test_the_stack_of_the_environment_gives_way_to_the_local_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFHEAL_STACK", "prod")
    world = FakeSurroundings()
    assert run(world, "pause", "--local").stdout.startswith("the local cloud: paused")
    assert run(world, "status").stdout.startswith("prod: ")
    assert set(world.asked) == {("", True), ("prod", False)}
    refused = run(world, "incidents", "list", "--stack-name", "prod", "--local")
    assert (refused.exit_code, "exclude each other" in refused.stderr) == (2, True)
