"""The ledger."""

import json
from datetime import datetime

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import ABSENT, PRESENT, Item, Table, key, sortable, text
from selfheal.domain.errors import IncidentNotFound, Throttled
from selfheal.domain.ledger import LedgerEntry, LedgerKind

_ORDER = {kind: rank for rank, kind in enumerate(LedgerKind)}


class DynamoLedger:
    """Ledger. Needs dynamodb:PutItem, UpdateItem and GetItem (append; ConditionCheckItem instead of UpdateItem for
    OPENED), GetItem (entry), Query (entries)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def append(self, entry: LedgerEntry) -> bool:
        """Ledger. The incident's status changes in the same transaction. Raises IncidentNotFound.

        OPENED is the status an incident is stored with; its entry may come after later ones and changes none.
        """
        pk, sk = f"INCIDENT#{entry.incident_id}", f"ENTRY#{entry.kind}"
        item = key(pk, sk) | {
            "kind": text(entry.kind),
            "at": text(sortable(entry.at)),
            "data": text(json.dumps(dict(entry.data), separators=(",", ":"))),
        }
        if self._table.transact(
            {"Put": {"Item": item, "ConditionExpression": ABSENT}},
            _exists(pk) if entry.kind is LedgerKind.OPENED else {"Update": _status(pk, entry.kind)},
        ):
            return True
        if self._table.get(pk, sk):
            return False
        if not self._table.get(pk, "INCIDENT"):
            raise IncidentNotFound(f"incident_id: there is no incident {entry.incident_id!r}")
        raise Throttled("dynamodb:TransactWriteItems: another write of this incident was under way")

    def entry(self, incident_id: str, kind: LedgerKind) -> LedgerEntry | None:
        """Ledger."""
        item = self._table.get(f"INCIDENT#{incident_id}", f"ENTRY#{kind}")
        return _entry(incident_id, item) if item else None

    def entries(self, incident_id: str) -> list[LedgerEntry]:
        """Ledger."""
        found = [_entry(incident_id, item) for item in self._table.query(f"INCIDENT#{incident_id}", "ENTRY#")]
        return sorted(found, key=lambda entry: (entry.at, _ORDER[entry.kind]))


def _exists(pk: str) -> Item:
    return {"ConditionCheck": {"Key": key(pk, "INCIDENT"), "ConditionExpression": PRESENT}}


def _status(pk: str, kind: LedgerKind) -> Item:
    return {
        "Key": key(pk, "INCIDENT"),
        "UpdateExpression": "SET #status = :kind",
        "ConditionExpression": PRESENT,
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":kind": text(kind)},
    }


def _entry(incident_id: str, item: Item) -> LedgerEntry:
    return LedgerEntry(
        incident_id=incident_id,
        kind=LedgerKind(item["kind"]["S"]),
        at=datetime.fromisoformat(item["at"]["S"]),
        data=json.loads(item["data"]["S"]),
    )
