"""`selfheal incidents confirm` and `dismiss`: a person's word, under the name of the IAM identity that gave it."""

import pytest

from selfheal.domain.ledger import LedgerKind
from selfheal.testing.builders import a_measurement, an_incident
from tests.unit.cli.fakes import ANN, FakeSurroundings, run

INCIDENT = an_incident("shop:1")


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    world.stores.incidents.open(INCIDENT)
    world.stores.runs.save(a_measurement("shop:1"))
    return world


def confirmed(world: FakeSurroundings) -> bool:
    stored = world.stores.runs.get("shop:1")
    return stored is not None and stored.confirmed


@pytest.mark.parametrize(("command", "kind"), [("confirm", "confirmed"), ("dismiss", "dismissed")])
def test_a_verdict_is_written_down_with_who_gave_it(world: FakeSurroundings, command: str, kind: str) -> None:
    world.stores.runs.mark_confirmed("shop:1", command == "dismiss")
    result = run(world, "incidents", command, INCIDENT.id[:6], "--stack-name", "prod")
    assert (result.exit_code, result.stdout) == (0, f"incident {INCIDENT.id} is {kind}, says {ANN}\n")
    assert confirmed(world) is (command == "confirm")
    [entry] = world.stores.ledger.entries(INCIDENT.id)
    assert (entry.kind, entry.data) == (LedgerKind(kind), {"by": ANN})
    shown = run(world, "incidents", "show", INCIDENT.id)
    assert f"{kind}  by {ANN}" in shown.stdout


def test_saying_it_again_is_harmless(world: FakeSurroundings) -> None:
    for _ in range(2):
        assert run(world, "incidents", "confirm", INCIDENT.id).exit_code == 0
    assert len(world.stores.ledger.entries(INCIDENT.id)) == 1


def test_a_verdict_that_was_taken_back_once_holds(world: FakeSurroundings) -> None:
    for command in ("confirm", "dismiss"):
        world.clock.advance(60)
        assert run(world, "incidents", command, INCIDENT.id).exit_code == 0
    result = run(world, "incidents", "confirm", INCIDENT.id)
    assert result.exit_code == 1
    assert "confirmed and then dismissed" in result.stderr
    assert not confirmed(world)


def test_an_unknown_incident_is_an_error_in_a_line(world: FakeSurroundings) -> None:
    result = run(world, "incidents", "dismiss", "ffff")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no incident 'ffff'" in result.stderr
