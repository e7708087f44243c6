"""Every call that healing makes, with every way it can go wrong: it ends in a retry or with a person told."""

import importlib.util
import json
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfheal.domain.errors import RequestRejected
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import RunStatus
from selfheal.remedies.registry import catalogue
from tests.faults import FAULTS, PASSING, Fault, Healing, Trouble
from tests.unit.test_functions import POLICY, ROOT, a_world

REMEDIES = frozenset(remedy.id for remedy in catalogue())
Heal = Callable[..., Healing]
METHODS: dict[RunStatus, list[str]] = {}


@cache
def handler(function: str) -> Callable[[Any, Any], Any]:
    spec = importlib.util.spec_from_file_location(f"f_{function}", ROOT / "functions" / function / "app.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[Any, Any], Any] = module.handler
    return found


def invoke(function: str, event: Any) -> Any:
    context = SimpleNamespace(
        function_name=function,
        memory_limit_in_mb=256,
        invoked_function_arn=f"arn:aws:lambda:us-east-1:111122223333:function:{function}",
        aws_request_id="request",
    )
    return json.loads(json.dumps(handler(function)(event, context)))


@pytest.fixture
def heal(monkeypatch: pytest.MonkeyPatch) -> Heal:
    """Heals the incident of the sample events in a world of its own."""

    def run(trouble: Trouble, mode: str = "ask", ends: RunStatus = RunStatus.SUCCEEDED) -> Healing:
        world = a_world(monkeypatch)
        vars(world)["policy"] = parse_policy(POLICY.replace('"act"', f'"{mode}"'), REMEDIES)
        one = Healing(world, invoke, trouble, ends)
        one.heal()
        return one

    return run


def outcome(one: Healing) -> str:
    entries = [entry for entry in one.kept["ledger"].written if entry.kind is LedgerKind.OUTCOME]
    return str(entries[0].data["status"]) if entries else ""


def started(one: Healing) -> int:
    return len(one.kept["reader"].started)


def test_without_a_fault_it_asks_acts_and_heals(heal: Heal) -> None:
    one = heal(Trouble())
    assert one.machine.visited == [
        "DiagnoseFailure", "SuggestRemedy", "DecideAction", "ChooseNext", "RequestApproval", "ChooseNext", "WaitBefore",
        "ExecuteAction", "ChooseNext", "AwaitOutcome", "ExamineOutcome", "ChooseNext", "RecordOutcome", "Notify",
    ]  # fmt: skip
    assert (outcome(one), started(one), len(one.told), one.dead) == ("healed", 1, 1, [])


def calls(heal: Heal, ends: RunStatus) -> list[tuple[str, int]]:
    """Every method that a healing calls, with its first and its last call."""
    seen = heal(Trouble(), ends=ends).trouble.seen
    return [(method, number) for method, last in seen.items() for number in sorted({1, last})]


@pytest.mark.parametrize("ends", [RunStatus.SUCCEEDED, RunStatus.FAILED], ids=str)
@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.name)
def test_what_passes_changes_nothing_wherever_it_strikes(heal: Heal, fault: Fault, ends: RunStatus) -> None:
    """Throttled, refused by a server, timed out or killed once: the same outcome, the same one build, people told."""
    expected = "healed" if ends is RunStatus.SUCCEEDED else "not_healed"
    for method, number in calls(heal, ends):
        one = heal(Trouble(fault, method, number), ends=ends)
        assert (outcome(one), started(one), one.dead) == (expected, 1, []), (method, number)
        assert not one.machine.failed and one.told, (method, number)
        assert one.trouble.struck == 1, (method, number)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_stays_ends_in_plain_words(heal: Heal, fault: Fault) -> None:
    """Nothing is done twice, and nothing is lost: people are told, or an alarm of the stack tells them."""
    for method, number in calls(heal, RunStatus.SUCCEEDED):
        one = heal(Trouble(fault, method, number, stays=True))
        kinds = [entry.kind for entry in one.kept["ledger"].written]
        assert one.trouble.struck, method
        assert started(one) <= 1 and len(kinds) == len(set(kinds)), method
        assert one.told or one.machine.failed, (
            f"{method}: neither a message nor a failed execution, which rings"
        )
        assert not started(one) or LedgerKind.ACTION_INTENDED in kinds, f"{method}: done without an intent"
        if outcome(one) != "healed":
            ended_otherwise = outcome(one) or one.machine.failed
            assert ended_otherwise, method


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.error is RequestRejected], ids=lambda f: f.name
)
def test_access_denied_once_is_final_and_nothing_is_done_behind_it(heal: Heal, fault: Fault) -> None:
    for method, number in calls(heal, RunStatus.SUCCEEDED):
        one = heal(Trouble(fault, method, number))
        assert started(one) <= 1 and (one.told or one.machine.failed), method


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), ends=st.sampled_from([RunStatus.SUCCEEDED, RunStatus.FAILED]))
def test_however_much_goes_wrong_nothing_is_doubled_and_nothing_is_lost(
    heal: Heal, data: st.DataObject, ends: RunStatus
) -> None:
    """Up to eight faults of any kind at any calls of one healing."""
    if ends not in METHODS:
        METHODS[ends] = sorted({method for method, _ in calls(heal, ends)})
    methods = METHODS[ends]
    places = st.tuples(st.sampled_from(methods), st.integers(1, 6))
    faults = data.draw(st.dictionaries(places, st.sampled_from(FAULTS), min_size=2, max_size=8))
    one = heal(Trouble(more=faults), ends=ends)
    kinds = [entry.kind for entry in one.kept["ledger"].written]
    assert started(one) <= 1 and len(kinds) == len(set(kinds))
    assert one.told or one.machine.failed
    assert outcome(one) or one.machine.failed
    if started(one):
        assert LedgerKind.APPROVED in kinds and LedgerKind.ACTION_INTENDED in kinds
