"""What was tried in vain."""

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Table, key, packed, unpacked
from selfheal.domain.incident import Lineage
from selfheal.domain.verification import Vain


class DynamoVain:
    """VainAttempts. Needs dynamodb:PutItem (note) and GetItem (of). Kept like the budgets of the same commit."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def note(self, lineage: Lineage, fingerprint: str, vain: Vain) -> None:
        """VainAttempts."""
        self._table.put(key(f"VAIN#{lineage}", fingerprint) | {"vain": packed(vain)})

    def of(self, lineage: Lineage, fingerprint: str) -> Vain | None:
        """VainAttempts."""
        item = self._table.get(f"VAIN#{lineage}", fingerprint)
        return unpacked(Vain, item["vain"]) if item else None
