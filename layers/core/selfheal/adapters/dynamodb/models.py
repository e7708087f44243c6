"""The record of what was decided about models, and what the checks for drift remember."""

import json
from datetime import datetime

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Item, Table, key, packed, sortable, text, unpacked
from selfheal.domain.model import DriftState, ModelEntry, ModelEvent

MODELS = "MODELS"


class DynamoModelLedger:
    """ModelLedger. Needs dynamodb:PutItem (append), and Query on the index (recent)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def append(self, entry: ModelEntry) -> bool:
        """ModelLedger."""
        moment = sortable(entry.at)
        sk = f"ENTRY#{moment}#{entry.event}#{entry.version}"
        return self._table.put_new(
            key(MODELS, sk)
            | {
                "feed_pk": text(MODELS),
                "feed_sk": text(sk),
                "event": text(entry.event),
                "version": text(entry.version),
                "at": text(moment),
                "by": text(entry.by),
                "data": text(json.dumps(dict(entry.data), separators=(",", ":"))),
            }
        )

    def recent(self, limit: int) -> list[ModelEntry]:
        """ModelLedger. Read from the index: an entry of this very moment may be missing."""
        return [_entry(item) for item in self._table.feed(MODELS, limit)]


def _entry(item: Item) -> ModelEntry:
    return ModelEntry(
        event=ModelEvent(item["event"]["S"]),
        version=item["version"]["S"],
        at=datetime.fromisoformat(item["at"]["S"]),
        by=item["by"]["S"],
        data=json.loads(item["data"]["S"]),
    )


class DynamoDrift:
    """DriftStore. Needs dynamodb:GetItem (load) and PutItem (save)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def load(self) -> DriftState:
        """DriftStore."""
        item = self._table.get(MODELS, "DRIFT")
        return unpacked(DriftState, item["state"]) if item else DriftState()

    def save(self, state: DriftState) -> bool:
        """DriftStore."""
        moment = text(sortable(state.checked_at))
        item = key(MODELS, "DRIFT") | {"state": packed(state), "checked_at": moment}
        return self._table.put_unless_later(item, "checked_at", moment, again=False)
