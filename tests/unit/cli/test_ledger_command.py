"""`selfheal ledger`: the chain of one incident, and whether all are as they were written."""

import json
from datetime import timedelta

import pytest

from selfheal.domain.chain import Kept
from selfheal.domain.ledger import LedgerEntry, LedgerKind, Sealed, seal
from selfheal.testing.archive import MemoryArchive, MemoryLedgerTable
from selfheal.testing.builders import NOON, an_incident
from tests.unit.cli.fakes import FakeSurroundings, run

INCIDENT = an_incident("shop:1")
DATAS: list[tuple[LedgerKind, dict[str, object]]] = [
    (LedgerKind.OPENED, {"run_id": "shop:1", "kind": "failed"}),
    (
        LedgerKind.DIAGNOSED,
        {"cause": "flaky_test", "evidence": [{"line": 1, "text": "x"}], "fingerprint": "f00d"},
    ),
    (LedgerKind.SUGGESTED, {"origin": "a-model", "prompt": "3", "input_tokens": 900, "cost_usd": 0.001}),
    (LedgerKind.DECIDED, {"verdict": "ask", "remedy": "retry_build", "policy_version": "abc"}),
    (
        LedgerKind.APPROVED,
        {
            "by": "arn:aws:iam::111122223333:user/ann",
            "digest": "d1",
            "policy_version": "abc",
            "reason": "seen",
            "remedy": "retry_build",
            "status": "approved",
        },
    ),
    (LedgerKind.OUTCOME, {"status": "healed", "reason": "shop:2 succeeded"}),
]


def chain() -> list[Sealed]:
    sealed: list[Sealed] = []
    for number, (kind, data) in enumerate(DATAS, 1):
        entry = LedgerEntry(INCIDENT.id, kind, NOON + timedelta(seconds=number), data)
        sealed.append(seal(entry, number, sealed[-1].hash if sealed else ""))
    return sealed


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    world.stores.incidents.open(INCIDENT)
    archive, table = world.evidence.archive, world.evidence.table
    assert isinstance(archive, MemoryArchive) and isinstance(table, MemoryLedgerTable)
    for sealed in chain():
        archive.put(sealed)
    texts = {sealed.entry.kind.value: sealed.text for sealed in chain()}
    table.held[INCIDENT.id] = Kept(texts, len(texts), chain()[-1].hash)
    world.clock.advance(86400)
    return world


def forge(world: FakeSurroundings) -> None:
    table = world.evidence.table
    assert isinstance(table, MemoryLedgerTable)
    kept = table.held[INCIDENT.id]
    texts = {**kept.texts, "decided": kept.texts["decided"].replace('"ask"', '"act"')}
    table.held[INCIDENT.id] = Kept(texts, kept.sequence, kept.head)


def test_show_joins_event_diagnosis_model_policy_approver_outcome_and_cost(world: FakeSurroundings) -> None:
    result = run(world, "ledger", "show", INCIDENT.id[:6])
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    for told in (
        "event shop:1, failed",
        "evidence 1 line",
        "diagnosis flaky_test, f00d",
        "model a-model, 3",
        "policy ask, retry_build, abc",
        "approval approved by arn:aws:iam::111122223333:user/ann, digest d1, policy abc, reason: seen outcome",
        "outcome healed, shop:2 succeeded",
        "cost 900 tokens, $0.00100",
        "every record is as it was written",
        chain()[-1].hash[:12],
    ):
        assert told in shown


def test_show_as_json_has_the_bytes_that_were_hashed(world: FakeSurroundings) -> None:
    document = json.loads(run(world, "ledger", "show", INCIDENT.id, "--json").stdout)
    assert [entry["text"] for entry in document["entries"]] == [sealed.text for sealed in chain()]
    assert [entry["hash"] for entry in document["entries"]] == [sealed.hash for sealed in chain()]
    assert document["flaws"] == []


def test_verify_says_that_all_is_well(world: FakeSurroundings) -> None:
    result = run(world, "ledger", "verify", "--stack-name", "prod")
    assert result.exit_code == 0
    assert "6 entries of 1 incident" in result.stdout and "as it was written" in result.stdout
    assert world.asked == [("prod", False)]


def test_verify_says_what_its_digest_sums_up(world: FakeSurroundings) -> None:
    result = run(world, "ledger", "verify", "--until", "2020-01-01")
    assert "6 entries of 1 incident, digest of those until 2020-01-01 00:00:00 UTC" in " ".join(
        result.stdout.split()
    )


def test_what_cannot_be_a_digest_is_refused(world: FakeSurroundings) -> None:
    result = run(world, "ledger", "verify", "--digest", "abc")
    assert result.exit_code == 2 and "--digest: is not 64 hexadecimal digits" in result.stderr


def test_verify_has_no_good_news_about_another_digest(world: FakeSurroundings) -> None:
    result = run(world, "ledger", "verify", "--digest", "0" * 64)
    assert result.exit_code == 1 and "entries are not the same as then" in " ".join(result.stdout.split())
    assert "as it was written" not in result.stdout


def test_verify_says_which_entry_differs_how_and_fails(world: FakeSurroundings) -> None:
    forge(world)
    result = run(world, "ledger", "verify")
    assert result.exit_code == 1
    told = "entry 4: (decided) was changed in the table: verdict 'ask' became 'act'"
    assert f"incident {INCIDENT.id} {told}" in " ".join(result.stdout.split())
    assert run(world, "ledger", "show", INCIDENT.id).exit_code == 1
    flaws = json.loads(run(world, "ledger", "verify", "--json").stdout)["flaws"]
    assert [flaw["sequence"] for flaw in flaws] == [4]


def test_a_digest_that_was_noted_elsewhere_is_held_against_what_is_there_now(world: FakeSurroundings) -> None:
    digest = json.loads(run(world, "ledger", "verify", "--json").stdout)["digest"]
    assert run(world, "ledger", "verify", "--digest", digest).exit_code == 0
    result = run(world, "ledger", "verify", "--until", "2026-01-01", "--digest", digest)
    assert result.exit_code == 1 and "not the same as then" in result.stdout


def test_a_moment_that_is_none_is_wrong_usage(world: FakeSurroundings) -> None:
    result = run(world, "ledger", "verify", "--since", "yesterday")
    assert result.exit_code == 2 and "--since: 'yesterday' is neither" in result.stderr
