"""Completing a stored run: once, by whoever comes first, and never after it is settled."""

from datetime import timedelta
from typing import Any

import pytest

from selfheal.adapters.dynamodb import DynamoRuns
from selfheal.domain.errors import RunNotFound
from selfheal.ports import RunStore, StoredRun
from selfheal.testing.builders import NOON, SHOP, a_measurement
from selfheal.testing.memory import MemoryRuns

TABLE = "selfheal-test"
EARLY = a_measurement(missing=("cpu_percent",))
WHOLE = a_measurement(cpu_percent=50.0)
OTHER = a_measurement(cpu_percent=60.0)


@pytest.fixture(params=["table", "memory"])
def runs(request: pytest.FixtureRequest, dynamodb: Any) -> RunStore:
    """Both stores must do the same."""
    return DynamoRuns(dynamodb, TABLE) if request.param == "table" else MemoryRuns()


def saved(runs: RunStore) -> RunStore:
    runs.save(EARLY, settled=False)
    runs.mark_announced("shop:1")
    return runs


def test_a_completed_measurement_is_the_one_that_is_read_and_that_the_window_sees(runs: RunStore) -> None:
    assert saved(runs).complete(EARLY, WHOLE) == StoredRun(WHOLE, announced=True, settled=False)
    assert runs.get("shop:1") == StoredRun(WHOLE, announced=True, settled=False)
    assert [run.measurement for run in runs.history(SHOP, NOON + timedelta(hours=1), 9)] == [WHOLE]


def test_of_two_that_complete_a_run_at_once_the_first_stays_and_both_are_told_so(runs: RunStore) -> None:
    saved(runs).complete(EARLY, WHOLE)
    assert runs.complete(EARLY, OTHER).measurement == WHOLE


def test_a_settled_run_changes_no_more(runs: RunStore) -> None:
    saved(runs).settle("shop:1")
    assert runs.complete(EARLY, WHOLE) == StoredRun(EARLY, announced=True, settled=True)
    assert runs.get("shop:1") == StoredRun(EARLY, announced=True, settled=True)


def test_a_run_that_is_not_stored_is_neither_completed_nor_settled_nor_made(runs: RunStore) -> None:
    with pytest.raises(RunNotFound, match="shop:1"):
        runs.complete(EARLY, WHOLE)
    with pytest.raises(RunNotFound, match="shop:1"):
        runs.settle("shop:1")
    assert runs.get("shop:1") is None


def test_a_run_can_be_stored_as_announced(runs: RunStore) -> None:
    assert runs.save(WHOLE, announced=True) == StoredRun(WHOLE, announced=True, settled=True)
    assert runs.save(OTHER) == StoredRun(WHOLE, announced=True, settled=True)


def test_a_run_stored_before_there_was_completion_counts_as_settled(dynamodb: Any) -> None:
    table = DynamoRuns(dynamodb, TABLE)
    table.save(EARLY, announced=True, settled=False)
    key = {"pk": {"S": "RUN#shop:1"}, "sk": {"S": "RUN"}}
    dynamodb.update_item(TableName=TABLE, Key=key, UpdateExpression="REMOVE settled")
    assert table.get("shop:1") == StoredRun(EARLY, announced=True, settled=True)
    assert table.complete(EARLY, WHOLE).measurement == EARLY
