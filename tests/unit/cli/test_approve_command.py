"""`selfheal approve` and `selfheal reject`: what is shown is what is signed, and nothing is approved by accident."""

import json
from dataclasses import replace

import pytest

from selfheal.domain.approval import ApprovalStatus
from selfheal.testing.approvals import MemoryApprovals, an_approval
from selfheal.testing.builders import COMMIT, an_incident
from tests.unit.cli.fakes import ANN, FakeSurroundings, run

INCIDENT = an_incident("shop:1")
APPROVAL = an_approval()


@pytest.fixture
def world() -> FakeSurroundings:
    world = FakeSurroundings()
    world.stores.incidents.open(INCIDENT)
    world.stores.approvals.ask(APPROVAL)
    return world


def status(world: FakeSurroundings) -> ApprovalStatus:
    stored = world.stores.approvals.get(INCIDENT.id)
    assert stored is not None
    return stored.status


def test_the_plan_is_shown_and_its_digest_typed(world: FakeSurroundings) -> None:
    result = run(world, "approve", INCIDENT.id[:6], typed=f"{APPROVAL.digest[:8]}\n")
    assert result.exit_code == 0
    assert result.stdout.endswith(f"incident {INCIDENT.id}: approved by {ANN}\n")
    for shown in ("retry_build", "shop:1 of codebuild:shop", COMMIT, "Undo", "without an answer nothing"):
        assert shown in result.stderr
    assert status(world) is ApprovalStatus.APPROVED


@pytest.mark.parametrize("typed", ["y\n", "yes\n", "00000000\n", APPROVAL.digest[:7] + "\n", ""])
def test_anything_but_the_digest_approves_nothing(world: FakeSurroundings, typed: str) -> None:
    assert run(world, "approve", INCIDENT.id, typed=typed).exit_code != 0
    assert status(world) is ApprovalStatus.PENDING


def test_a_script_gives_the_digest_that_its_author_was_shown(world: FakeSurroundings) -> None:
    assert run(world, "approve", INCIDENT.id, "--digest", "0" * 12).exit_code == 2
    assert run(world, "approve", INCIDENT.id, "--digest", APPROVAL.digest[:4]).exit_code == 2
    assert status(world) is ApprovalStatus.PENDING
    result = run(world, "approve", INCIDENT.id, "--digest", APPROVAL.digest[:12], "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "incident_id": INCIDENT.id,
        "status": "approved",
        "by": ANN,
        "reason": "",
    }


def test_a_plan_that_is_not_its_digest_s_is_not_even_shown(world: FakeSurroundings) -> None:
    shown = replace(APPROVAL, plan=replace(APPROVAL.plan, target="shop:harmless"))
    world.stores = replace(world.stores, approvals=MemoryApprovals({INCIDENT.id: shown}))
    result = run(world, "approve", INCIDENT.id, "--digest", APPROVAL.digest)
    assert result.exit_code == 1 and "was altered" in result.stderr
    assert status(world) is ApprovalStatus.PENDING


def test_a_rejection_needs_a_reason(world: FakeSurroundings) -> None:
    assert run(world, "reject", INCIDENT.id).exit_code == 2
    assert run(world, "reject", INCIDENT.id, "--reason", " ").exit_code == 2
    result = run(world, "reject", INCIDENT.id, "--reason", "not today")
    assert (result.exit_code, result.stdout) == (0, f"incident {INCIDENT.id}: rejected by {ANN}: not today\n")


def test_what_stands_already_is_said_with_exit_code_1(world: FakeSurroundings) -> None:
    run(world, "reject", INCIDENT.id, "--reason", "no")
    result = run(world, "approve", INCIDENT.id, "--digest", APPROVAL.digest)
    assert (result.exit_code, result.stdout) == (
        1,
        f"incident {INCIDENT.id}: already rejected by {ANN}: no\n",
    )


def test_what_has_expired_is_said_with_exit_code_1(world: FakeSurroundings) -> None:
    world.clock.advance(3600)
    result = run(world, "approve", INCIDENT.id, "--digest", APPROVAL.digest)
    assert result.exit_code == 1 and "already expired: nobody answered" in result.stdout


def test_what_can_no_longer_be_approved_is_not_shown_for_signing(world: FakeSurroundings) -> None:
    world.clock.advance(3600)
    expired = run(world, "approve", INCIDENT.id, typed=f"{APPROVAL.digest[:8]}\n")
    assert (expired.exit_code, expired.stderr) == (1, "")
    assert expired.stdout.startswith(f"incident {INCIDENT.id}: already expired: at ")


def test_the_answer_that_stands_is_said_instead_of_asking_again(world: FakeSurroundings) -> None:
    run(world, "approve", INCIDENT.id, "--digest", APPROVAL.digest)
    again = run(world, "approve", INCIDENT.id, typed=f"{APPROVAL.digest[:8]}\n")
    assert (again.exit_code, again.stderr) == (1, "")
    assert again.stdout == f"incident {INCIDENT.id}: already approved by {ANN}\n"


def test_an_incident_that_asks_nothing_says_so() -> None:
    world = FakeSurroundings()
    world.stores.incidents.open(INCIDENT)
    result = run(world, "approve", INCIDENT.id)
    assert result.exit_code == 2 and "asks for no approval" in result.stderr


def test_the_record_shows_what_was_asked_and_who_answered(world: FakeSurroundings) -> None:
    run(world, "reject", INCIDENT.id, "--reason", "not today")
    shown = run(world, "incidents", "show", INCIDENT.id).stdout
    assert f"rejected  by {ANN}: not today" in shown
