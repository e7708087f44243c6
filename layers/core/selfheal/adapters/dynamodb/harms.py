"""Which alarms an incident is about."""

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Table, key, packed, unpacked
from selfheal.domain.harm import Harm

PREFIX = "ALARM#"


class DynamoHarms:
    """Harms. Needs dynamodb:PutItem (note) and Query (of_incident)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def note(self, incident_id: str, harm: Harm) -> bool:
        """Harms."""
        item = key(f"INCIDENT#{incident_id}", f"{PREFIX}{harm.alarm.name}")
        return self._table.put_new(item | {"harm": packed(harm)})

    def of_incident(self, incident_id: str) -> list[Harm]:
        """Harms."""
        items = self._table.query(f"INCIDENT#{incident_id}", PREFIX)
        return [unpacked(Harm, item["harm"]) for item in items]
