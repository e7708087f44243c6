"""Who waits for what."""

import hashlib
from datetime import timedelta

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Item, Table, key, number, text
from selfheal.ports import Clock

KEPT = timedelta(days=2)


class DynamoWaiters:
    """Waiters. Needs dynamodb:PutItem (add, note_end), Query (of) and GetItem (end_of). All is forgotten after two
    days, which is longer than anybody waits."""

    def __init__(self, client: Client, table: str, clock: Clock) -> None:
        self._table = Table(client, table)
        self._clock = clock

    def add(self, awaited: str, token: str) -> None:
        """Waiters."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        self._put(key(f"WAITER#{awaited}", f"TOKEN#{digest}") | {"token": text(token)})

    def of(self, awaited: str) -> list[str]:
        """Waiters."""
        return [item["token"]["S"] for item in self._table.query(f"WAITER#{awaited}", "TOKEN#")]

    def note_end(self, run_id: str, status: str) -> None:
        """Waiters."""
        self._put(key(f"WAITER#{run_id}", "ENDED") | {"status": text(status)})

    def end_of(self, run_id: str) -> str:
        """Waiters."""
        item = self._table.get(f"WAITER#{run_id}", "ENDED")
        return str(item["status"]["S"]) if item else ""

    def _put(self, item: Item) -> None:
        self._table.put(item | {"expires_at": number(int((self._clock.now() + KEPT).timestamp()))})
