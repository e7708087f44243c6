"""`selfheal model`: which versions there are, and changing which one serves under the caller's own name."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from local.hosted import HostedModels
from selfheal.detect.hosted import dump_hosted
from selfheal.detect.model import dump
from selfheal.domain.model import EMBEDDED, Champion, Figures, ModelEvent
from selfheal.testing.builders import NOON
from selfheal.testing.hosting import MemoryEndpoint
from selfheal.testing.models import MemoryModels, a_hosted_model, a_model, a_record
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
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1 and version in result.stderr
    assert "`selfheal model " in result.stderr


# ---- the hosted forest


@pytest.fixture
def hosting(world: FakeSurroundings) -> FakeSurroundings:
    store, endpoint = MemoryModels(), MemoryEndpoint()
    for n in (1, 2):
        record = a_record(f"h{n}", package=f"arn/h{n}", figures=Figures(2000, 4.0, 0.9, 0.95))
        store.put(record, dump_hosted(a_hosted_model(record.version)))
    store.pointer = Champion(("h1", "h2"), "7")
    world.versions = replace(world.versions, hosted=HostedModels(store, endpoint))
    return world


def test_the_list_shows_both_forests(hosting: FakeSurroundings) -> None:
    text = run(hosting, "model", "list").stdout
    assert "hosted on SageMaker" in text
    lines = [line.split() for line in text.splitlines() if line.startswith("h")]
    assert sorted((line[0], line[-1]) for line in lines if line[0] in ("h1", "h2")) == [
        ("h1", "former"),
        ("h2", "serves"),
    ]
    assert json.loads(run(hosting, "model", "list", "--json").stdout)["hosted"]["champion"] == "h2"


def test_a_rollback_is_of_the_forest_that_serves_and_says_that_it_takes_a_while(
    hosting: FakeSurroundings,
) -> None:
    result = run(hosting, "model", "rollback")
    assert result.stdout.startswith(f"the endpoint is on its way to h1, says {ANN}")
    [entry] = hosting.versions.ledger.recent(9)
    assert (entry.event, entry.version) == (ModelEvent.ROLLED_BACK, "h1")
    again = run(hosting, "model", "rollback")
    assert (again.exit_code, again.stdout) == (1, "") and "on its way to h1" in again.stderr
    listed = json.loads(run(hosting, "model", "list", "--json").stdout)["hosted"]["models"]
    assert {model["version"]: model["state"] for model in listed} == {"h1": "on its way", "h2": "idle"}


def test_either_forest_can_be_named(hosting: FakeSurroundings) -> None:
    embedded = json.loads(run(hosting, "model", "rollback", "--backend", "embedded", "--json").stdout)
    assert embedded["champion"] == "20260115T120000Z-01234560"
    assert json.loads(run(hosting, "model", "promote", "h1", "--json").stdout)["moving"] == "h1"


def test_a_stack_without_sagemaker_says_so(world: FakeSurroundings) -> None:
    result = run(world, "model", "rollback", "--backend", "sagemaker")
    assert result.exit_code != 0 and "ScoringBackend=sagemaker" in result.stderr
