"""Incidents."""

from dataclasses import replace

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Item, Table, key, packed, sortable, text, unpacked
from selfheal.domain.errors import IncidentNotFound
from selfheal.domain.incident import Incident

SK = "INCIDENT"


class DynamoIncidents:
    """IncidentStore. Needs dynamodb:PutItem (open), GetItem (get), and Query on the index (recent)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def open(self, incident: Incident) -> bool:
        """IncidentStore."""
        return self._table.put_new(
            key(f"INCIDENT#{incident.id}", SK)
            | {
                "feed_pk": text("INCIDENTS"),
                "feed_sk": text(f"{sortable(incident.opened_at)}#{incident.id}"),
                "incident": packed(incident),
                "status": text(incident.status),
            }
        )

    def get(self, incident_id: str) -> Incident:
        """IncidentStore."""
        item = self._table.get(f"INCIDENT#{incident_id}", SK)
        if item is None:
            raise IncidentNotFound(f"incident_id: there is no incident {incident_id!r}")
        return _incident(item)

    def recent(self, limit: int) -> list[Incident]:
        """IncidentStore. Read from the index: an incident of this very moment may be missing."""
        return [_incident(item) for item in self._table.feed("INCIDENTS", limit)]


def _incident(item: Item) -> Incident:
    """The status is an attribute of its own: the ledger updates it with each entry."""
    return replace(unpacked(Incident, item["incident"]), status=item["status"]["S"])
