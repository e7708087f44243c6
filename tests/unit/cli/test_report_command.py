"""`selfheal report shadow`: from the records of a stack that only watched."""

import json
from datetime import timedelta

import pytest

from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import RunStatus
from selfheal.domain.sighting import Sighting
from selfheal.testing.builders import COMMIT, NOON, SHOP, a_measurement, an_incident
from selfheal.wire import encode
from tests.unit.cli.fakes import FakeSurroundings, run

DIAGNOSIS = Diagnosis(Cause.FLAKY_TEST, True, 0.8, "signature:x", "f00d", "it failed")


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    world.clock.advance(86400)
    return world


def observed(
    world: FakeSurroundings,
    run_id: str,
    commit: str = COMMIT,
    would: str = "act",
    verdict: Verdict = Verdict.OBSERVE,
) -> None:
    """A failed build that was diagnosed and decided on at noon."""
    incident = an_incident(run_id)
    world.stores.incidents.open(incident)
    world.stores.runs.save(a_measurement(run_id, RunStatus.FAILED, source_version=commit))
    world.stores.failures.remember(Sighting(run_id, SHOP, "f00d", commit, NOON))
    decision = Decision(verdict, "retry_build", "set to observe", "v1", 60, cause="flaky_test", would=would)
    for kind, data in ((LedgerKind.DIAGNOSED, encode(DIAGNOSIS)), (LedgerKind.DECIDED, encode(decision))):
        world.stores.ledger.append(LedgerEntry(incident.id, kind, NOON, data))


def later(world: FakeSurroundings, run_id: str, commit: str, status: RunStatus = RunStatus.SUCCEEDED) -> None:
    """Half an hour later somebody builds the commit again."""
    started = NOON + timedelta(minutes=31)
    world.stores.runs.save(a_measurement(run_id, status, source_version=commit, started_at=started))
    if status.failed:
        world.stores.failures.remember(Sighting(run_id, SHOP, "f00d", commit, started))


def filled(world: FakeSurroundings) -> None:
    observed(world, "shop:1", "a")
    later(world, "shop:2", "a")
    observed(world, "shop:3", "b")
    later(world, "shop:4", "b", RunStatus.FAILED)
    observed(world, "shop:5", "c", would="ask")
    observed(world, "shop:6", "d", would="refuse")
    observed(world, "shop:7", "e", would="", verdict=Verdict.ACT)


def test_the_report_says_how_often_it_would_have_been_right(world: FakeSurroundings) -> None:
    filled(world)
    shown = " ".join(run(world, "report", "shadow").stdout.split())
    assert "4 incidents were only observed in the last 30 days" in shown
    assert "would have acted 3 times: 1 right, 1 wrong, 1 unknown; 30 minutes saved" in shown
    assert "right 50% of the times that can be judged, at least 12% with 95 % confidence" in shown
    assert "1 1 1 30 retry_build for flaky_test in codebuild:shop" in shown


def test_as_json(world: FakeSurroundings) -> None:
    filled(world)
    document = json.loads(run(world, "report", "shadow", "--json").stdout)
    assert (document["observed"], document["would_have_acted"], document["minutes_saved"]) == (4, 3, 29.0 + 1)
    assert (document["right"], document["wrong"], document["unknown"]) == (1, 1, 1)
    by_judgement = {shadow["judgement"]: shadow for shadow in document["shadows"]}
    assert by_judgement["right"]["why"] == "shop:2 passed on the same commit"
    assert by_judgement["unknown"]["would"] == "ask"


def test_what_is_older_is_left_out(world: FakeSurroundings) -> None:
    filled(world)
    world.clock.advance(86400 * 5)
    assert json.loads(run(world, "report", "shadow", "--days", "3", "--json").stdout)["observed"] == 0


def test_nothing_was_observed(world: FakeSurroundings) -> None:
    """As on a stack that acts: what it did is told elsewhere."""
    shown = " ".join(run(world, "report", "shadow").stdout.split())
    assert shown.startswith("In the last 30 days no incident was only observed.")
    assert "would have acted" not in shown and "selfheal autonomy list" in shown
