"""`selfheal autonomy`: what remedies earned, and trust given back under the name of who gives it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from selfheal.domain.action import Action, ActionStatus, Outcome, OutcomeStatus
from selfheal.domain.autonomy import Clearance, Subject, Trial
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.testing.builders import NOON, SHOP, an_incident
from selfheal.testing.tracks import MemoryTracks
from selfheal.wire import encode
from tests.unit.cli.fakes import ANN, FakeSurroundings, run

SUBJECT = Subject(SHOP, Cause.FLAKY_TEST, "retry_build")
NAMED = ("codebuild:shop", "flaky_test", "retry_build")


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    world.clock.advance(86400)
    return world


def tracks_of(world: FakeSurroundings) -> MemoryTracks:
    tracks = world.brakes.tracks
    assert isinstance(tracks, MemoryTracks)
    return tracks


def tried(world: FakeSurroundings, *outcomes: OutcomeStatus) -> None:
    for number, outcome in enumerate(outcomes):
        tracks_of(world).note(SUBJECT, Trial(f"i{number}", NOON + timedelta(minutes=number), outcome))


def test_what_was_tried_is_listed_with_its_bound_and_how_it_stands(world: FakeSurroundings) -> None:
    tried(world, *[OutcomeStatus.HEALED] * 24, OutcomeStatus.NOT_HEALED)
    shown = " ".join(run(world, "autonomy", "list").stdout.split())
    assert "24 1 0 0.84 not yet retry_build for flaky_test in codebuild:shop" in shown
    assert "it healed 24 of 25, which is at least 0.84 with 95 % confidence (0.90 asked for)" in shown


def test_as_json(world: FakeSurroundings) -> None:
    tried(world, OutcomeStatus.HEALED, OutcomeStatus.WORSE)
    (found,) = json.loads(run(world, "autonomy", "list", "--json").stdout)["subjects"]
    assert (found["healed"], found["not_healed"], found["worse"]) == (1, 0, 1)
    assert found["state"] == "demoted to observe" and found["cleared_by"] is None


def test_nothing_was_tried(world: FakeSurroundings) -> None:
    assert "No remedy was tried yet" in run(world, "autonomy", "list").stdout


def test_a_demotion_is_cleared_under_the_name_of_who_clears_it(world: FakeSurroundings) -> None:
    tried(world, OutcomeStatus.WORSE)
    result = run(
        world, "autonomy", "clear", *NAMED, "--reason", "the runner was replaced", "--stack-name", "prod"
    )
    assert result.exit_code == 0 and f"begins anew, says {ANN}" in result.stdout
    assert tracks_of(world).cleared[SUBJECT] == Clearance(ANN, world.clock.now(), "the runner was replaced")
    (found,) = json.loads(run(world, "autonomy", "list", "--json").stdout)["subjects"]
    assert (found["state"], found["worse"], found["cleared_by"]) == ("not yet", 0, ANN)


def test_what_was_never_tried_cannot_be_cleared(world: FakeSurroundings) -> None:
    result = run(world, "autonomy", "clear", *NAMED)
    assert result.exit_code == 2 and "was never tried" in result.stderr


def test_a_demotion_shows_where_a_policy_is_explained(world: FakeSurroundings, tmp_path: Path) -> None:
    tried(world, OutcomeStatus.WORSE)
    policy = tmp_path / "policy.toml"
    policy.write_text('[[rule]]\npipelines = ["*"]\ncauses = ["*"]\nremedies = ["*"]\nmode = "act"\n')
    arguments = ("policy", "explain", *NAMED[:2], "--policy", str(policy), "--stack-name", "prod")
    assert "demoted: it made things worse in incident i0" in " ".join(run(world, *arguments).stdout.split())


def test_the_ledger_gives_the_records_again(world: FakeSurroundings) -> None:
    incident = an_incident()
    world.stores.incidents.open(incident)
    diagnosis = Diagnosis(Cause.FLAKY_TEST, True, 0.8, "signature:x", "f", "it failed")
    action = Action(incident.id, "retry_build", ActionStatus.STARTED, NOON, new_run_id="shop:2")
    outcome = Outcome(OutcomeStatus.HEALED, "it passed", 60.0)
    for kind, data in (
        (LedgerKind.DIAGNOSED, encode(diagnosis)),
        (LedgerKind.ACTION_STARTED, encode(action)),
        (LedgerKind.OUTCOME, encode(outcome)),
    ):
        world.stores.ledger.append(LedgerEntry(incident.id, kind, NOON, data))
    assert run(world, "autonomy", "rebuild").stdout == "1 outcome noted\n"
    assert tracks_of(world).track(SUBJECT).trials == (Trial(incident.id, NOON, OutcomeStatus.HEALED),)
