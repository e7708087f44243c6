"""What the functions write into the table, and what their roles let them write: the same, exactly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from selfheal.adapters.dynamodb import (
    DynamoActions,
    DynamoBreakers,
    DynamoDecisions,
    DynamoIncidents,
    DynamoLedger,
    DynamoRuns,
    DynamoSwitch,
    DynamoWaiters,
)
from selfheal.adapters.dynamodb.approvals import DynamoApprovals
from selfheal.adapters.dynamodb.failures import DynamoFailures
from selfheal.adapters.dynamodb.harms import DynamoHarms
from selfheal.adapters.dynamodb.standings import DynamoStandings
from selfheal.adapters.dynamodb.tracks import DynamoTracks
from selfheal.adapters.dynamodb.vain import DynamoVain
from selfheal.domain.errors import RequestRejected
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import PipelineKey, RunRef, RunStatus
from selfheal.runtime import Runtime
from selfheal.testing.archive import MemoryArchive
from selfheal.testing.builders import NOON, a_measurement, a_run
from selfheal.testing.waiters import MemoryWaiters
from tests.adapters.conftest import TABLE, make_table
from tests.adapters.table_guard import CONTROL, TableGuard
from tests.contract.test_table_partitions import PARTITIONS
from tests.faults import FAULTS, Healing, Trouble
from tests.unit.steps.test_fault_matrix import REMEDIES, invoke
from tests.unit.test_functions import POLICY, a_world, sample, the_incident

WATCH = '[[watch]]\nalarms = ["shop-*"]\npipeline = "codedeploy:shop/prod"\n'
DENIED = next(fault for fault in FAULTS if fault.error is RequestRejected)
# They write about models alone: see test_training_writes_to_no_partition_of_the_table_but_its_own.
OF_MODELS = {"TrainBaselines", "PromoteModel"}


class Waiters(DynamoWaiters):
    """Those in the table, with the executions of the machine in memory."""

    def __init__(self, client: Any, clock: Any, executions: MemoryWaiters) -> None:
        super().__init__(client, TABLE, clock)
        self.executions, self.resumed = executions, executions.resumed

    def add(self, awaited: str, token: str) -> None:
        """Waiters."""
        super().add(awaited, token)
        self.executions.add(awaited, token)


class Unanswered(Healing):
    """Nobody answers, so the execution stops waiting."""

    def _person(self) -> None:
        """Away."""


@pytest.fixture
def guard() -> TableGuard:
    return TableGuard()


@pytest.fixture
def world(guard: TableGuard, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Runtime]:
    """Makes worlds of the sample events, each with the stores of the table in it and the guard before them."""

    def make() -> Runtime:
        made, client = a_world(monkeypatch), boto3.client("dynamodb")
        if not client.list_tables()["TableNames"]:
            make_table(make_table(client), CONTROL)
        for item in client.scan(TableName=TABLE)["Items"]:
            client.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})
        vars(made).update(stores(guard.stand_before(client), vars(made)))
        made.incidents.open(the_incident())
        return made

    return make


def stores(client: Any, ports: dict[str, Any]) -> dict[str, Any]:
    return {
        "runs": DynamoRuns(client, TABLE),
        "harms": DynamoHarms(client, TABLE),
        "standings": DynamoStandings(client, TABLE),
        "incidents": DynamoIncidents(client, TABLE),
        "ledger": DynamoLedger(client, TABLE, MemoryArchive()),
        "actions": DynamoActions(client, TABLE),
        "breakers": DynamoBreakers(client, TABLE),
        "switch": DynamoSwitch(client, CONTROL),
        "decisions": DynamoDecisions(client, TABLE),
        "approvals": DynamoApprovals(client, TABLE),
        "vain": DynamoVain(client, TABLE),
        "failures": DynamoFailures(client, TABLE),
        "tracks": DynamoTracks(client, TABLE, CONTROL),
        "waiters": Waiters(client, ports["clock"], ports["waiters"]),
    }


def test_every_function_may_write_what_it_writes_and_nothing_more(
    world: Callable[[], Runtime], guard: TableGuard
) -> None:
    def called(function: str, event: Any) -> Any:
        guard.function = function
        try:
            return invoke(function, event)
        finally:
            guard.function = ""

    for ends in (RunStatus.SUCCEEDED, RunStatus.FAILED):
        heal(Healing, world(), called, Trouble(), ends)
    heal(Unanswered, world(), called, Trouble())
    heal(Healing, world(), called, Trouble(DENIED, "waiters.add", stays=True))
    fails_alike(world(), called)
    watched(world(), called)
    granted = {(name, partition) for name in set(PARTITIONS) - OF_MODELS for partition in PARTITIONS[name]}
    assert guard.used == granted


def heal(
    kind: type[Healing],
    world: Runtime,
    called: Callable[[str, Any], Any],
    trouble: Trouble,
    ends: RunStatus = RunStatus.SUCCEEDED,
) -> None:
    called("ingest_run", sample("ingest_run"))
    called("score_run", sample("score_run"))
    vars(world)["policy"] = parse_policy(POLICY.replace('"act"', '"ask"'), REMEDIES)
    kind(world, called, trouble, ends).heal()


def fails_alike(world: Runtime, called: Callable[[str, Any], Any]) -> None:
    state = sample("record_outcome")
    state["observed"]["status"] = "FAILED"
    again = {"fingerprint": state["diagnosis"]["fingerprint"], "cause": "network", "phase": "", "summary": ""}
    called("record_outcome", state | {"examined": again})
    assert world.vain.of(the_incident().lineage, again["fingerprint"])


def watched(world: Runtime, called: Callable[[str, Any], Any]) -> None:
    prod = PipelineKey.parse("codedeploy:shop/prod")
    vars(world)["policy"] = parse_policy(WATCH, REMEDIES)
    vars(world)["alarm_reader"].ring("shop-prod-5xx", NOON + timedelta(minutes=2))
    vars(world)["clock"].advance(300)
    vars(world)["reader"].add(a_run(ref=RunRef(prod, "d-EXAMPLE02"), status=RunStatus.SUCCEEDED))
    world.runs.save(a_measurement("d-EXAMPLE02", pipeline=prod))
    assert called("watch_deployment", sample("watch_deployment"))["incidents"]
