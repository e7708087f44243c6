"""The models' record and the state of the drift checks in the table."""

from datetime import timedelta
from typing import Any

from selfheal.adapters.dynamodb.models import DynamoDrift, DynamoModelLedger
from selfheal.domain.model import DriftState, ModelEntry, ModelEvent
from selfheal.testing.builders import NOON
from tests.adapters.conftest import TABLE


def entry(event: ModelEvent, version: str, minutes: float = 0) -> ModelEntry:
    return ModelEntry(event, version, NOON + timedelta(minutes=minutes), "train_baselines", {"caught": 0.9})


def test_entries_come_back_newest_first(dynamodb: Any) -> None:
    ledger = DynamoModelLedger(dynamodb, TABLE)
    written = [
        entry(ModelEvent.PROMOTED, "m1"),
        entry(ModelEvent.REFUSED, "m2", 1),
        entry(ModelEvent.ROLLED_BACK, "m1", 2),
        entry(ModelEvent.PROMOTED, "m1", 3),
    ]
    assert all(ledger.append(each) for each in written)
    assert ledger.recent(10) == written[::-1]
    assert ledger.recent(1) == written[-1:]


def test_an_entry_written_again_changes_nothing(dynamodb: Any) -> None:
    ledger = DynamoModelLedger(dynamodb, TABLE)
    assert ledger.append(entry(ModelEvent.PROMOTED, "m1"))
    assert not ledger.append(entry(ModelEvent.PROMOTED, "m1"))
    assert len(ledger.recent(10)) == 1


def test_the_state_of_the_drift_checks_starts_fresh_and_comes_back(dynamodb: Any) -> None:
    drift = DynamoDrift(dynamodb, TABLE)
    assert drift.load() == DriftState()
    state = DriftState(NOON, NOON, above=1, latched=True, index=0.25, metric="duration")
    assert drift.save(state)
    assert drift.load() == state


def test_an_older_check_does_not_overwrite_a_later_one(dynamodb: Any) -> None:
    drift = DynamoDrift(dynamodb, TABLE)
    later = DriftState(NOON + timedelta(hours=1), above=2)
    assert drift.save(later)
    assert not drift.save(DriftState(NOON, above=1))
    assert not drift.save(DriftState(later.checked_at, above=3))
    assert drift.load() == later
