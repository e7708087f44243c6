"""`selfheal model`: which versions there are, and changing which one serves under the caller's own name."""

import json
from datetime import timedelta

import pytest

from selfheal.detect.model import dump
from selfheal.domain.model import EMBEDDED, Champion, Figures, ModelEvent
from selfheal.testing.builders import NOON
from selfheal.testing.models import MemoryModels, a_model, a_record
from tests.unit.cli.fakes import ANN, FakeSurroundings, run


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    store = world.versions.store
    assert isinstance(store, MemoryModels)
    for n, caught in enumerate((0.91, 0.94, 0.5)):
        record = a_record(
            f"2026011{5 + n}T120000Z-0123456{n}",
            trained_at=NOON + timedelta(days=n),
            runs=41_234,
            pipelines=118,
            figures=Figures(2000, 4.75, caught, 0.95),
        )
        store.put(record, dump(a_model(record.version)))
    store.pointer = Champion(("20260115T120000Z-01234560", "20260116T120000Z-01234561"), "7")
    return world


def test_the_list_shows_every_version_and_which_one_serves(world: FakeSurroundings) -> None:
    lines = run(world, "model", "list").stdout.splitlines()
    assert [(line.split()[0], line.split()[-1]) for line in lines[1:5]] == [
        ("20260117T120000Z-01234562", "idle"),
        ("20260116T120000Z-01234561", "serves"),
        ("20260115T120000Z-01234560", "former"),
        (EMBEDDED, "former"),
    ]
    assert "2026-01-16  41234        118     4.8     94%" in lines[2]


def test_the_list_fits_80_columns(world: FakeSurroundings) -> None:
    assert max(len(line.rstrip()) for line in run(world, "model", "list").stdout.splitlines()) <= 80


def test_the_list_as_json(world: FakeSurroundings) -> None:
    document = json.loads(run(world, "model", "list", "--json", "--limit", "1").stdout)
    assert document["champion"] == "20260116T120000Z-01234561"
    [model] = document["models"]
    assert (model["version"], model["state"], model["figures"]["caught"]) == (
        "20260117T120000Z-01234562",
        "idle",
        0.5,
    )


def test_without_any_model_the_embedded_one_serves() -> None:
    result = run(FakeSurroundings(), "model", "list")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert (result.exit_code, rows[1][0], rows[1][-1]) == (0, EMBEDDED, "serves")


def test_a_promotion_is_recorded_with_who_did_it(world: FakeSurroundings) -> None:
    result = run(world, "model", "promote", "20260117T120000Z-01234562", "--stack-name", "prod")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"20260117T120000Z-01234562 serves, says {ANN}")
    [entry] = world.versions.ledger.recent(9)
    assert (entry.event, entry.version, entry.by) == (ModelEvent.PROMOTED, "20260117T120000Z-01234562", ANN)
    assert entry.data == {"champion": "20260117T120000Z-01234562", "instead_of": "20260116T120000Z-01234561"}


def test_a_rollback_goes_one_back_and_in_the_end_to_the_embedded_model(world: FakeSurroundings) -> None:
    served = [json.loads(run(world, "model", "rollback", "--json").stdout)["champion"] for _ in range(2)]
    assert served == ["20260115T120000Z-01234560", EMBEDDED]
    result = run(world, "model", "rollback")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no other one was ever promoted" in result.stderr


@pytest.mark.parametrize("version", ["20260115T120000Z-00000000", "../../x", EMBEDDED])
def test_what_is_no_version_is_an_error_in_a_line(world: FakeSurroundings, version: str) -> None:
    result = run(world, "model", "promote", version)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1 and version in result.stderr
    assert "`selfheal model " in result.stderr
