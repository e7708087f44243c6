"""Decisions, in a partition of their own: the table's rights go by partition."""

from dataclasses import replace

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Table, key, packed, unpacked
from selfheal.domain.decision import Decision
from selfheal.domain.errors import LedgerBroken
from selfheal.domain.incident import Incident

SK = "DECISION"


class DynamoDecisions:
    """Decisions. Needs dynamodb:PutItem and GetItem (keep), GetItem (of)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def keep(self, incident: Incident, decision: Decision) -> Decision:
        """Decisions."""
        values = {"decision": packed(decision), "incident": packed(_lasting(incident))}
        if self._table.put_new(key(_pk(incident), SK) | values):
            return decision
        return self.of(incident) or decision

    def of(self, incident: Incident) -> Decision | None:
        """Decisions."""
        item = self._table.get(_pk(incident), SK)
        if item is None:
            return None
        # Compared as incidents, not as text: an older version may have known less of them.
        if unpacked(Incident, item["incident"]) != _lasting(incident):
            raise LedgerBroken(f"incident {incident.id}: it was another one when it was decided on")
        return unpacked(Decision, item["decision"])


def _pk(incident: Incident) -> str:
    return f"DECISION#{incident.id}"


def _lasting(incident: Incident) -> Incident:
    """All of an incident that no entry of the ledger changes."""
    return replace(incident, status="")
