"""Who waits for the end of which run."""

import hashlib
from datetime import timedelta

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Table, key, number, text
from selfheal.ports import Clock

KEPT = timedelta(days=2)


class DynamoWaiters:
    """Waiters. Needs dynamodb:PutItem (add) and Query (of_run). A waiter is forgotten after two days."""

    def __init__(self, client: Client, table: str, clock: Clock) -> None:
        self._table = Table(client, table)
        self._clock = clock

    def add(self, run_id: str, token: str) -> None:
        """Waiters."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        expires_at = int((self._clock.now() + KEPT).timestamp())
        waiter = {"token": text(token), "expires_at": number(expires_at)}
        self._table.put(key(f"WAITER#{run_id}", f"TOKEN#{digest}") | waiter)

    def of_run(self, run_id: str) -> list[str]:
        """Waiters."""
        return [item["token"]["S"] for item in self._table.query(f"WAITER#{run_id}")]
