"""The ledger: the archive first, then the table, which follows it.

An entry counts from the moment that its object is in the archive. Its number is the next of its incident, so of two
writers one gets it; the other, and whoever comes after a writer that died in between, first writes into the table
what the archive has. So the table may lag behind by one entry, and never holds one that the archive lacks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import ABSENT, PRESENT, Item, Table, key, number, sortable, text
from selfheal.domain.chain import Kept
from selfheal.domain.errors import IncidentNotFound, LedgerBroken, Throttled
from selfheal.domain.ledger import LedgerEntry, LedgerKind, Sealed, seal, unseal
from selfheal.record_ports import LedgerArchive

_ORDER = {kind: rank for rank, kind in enumerate(LedgerKind)}
_ATTEMPTS = 8
_INCIDENT = "INCIDENT"


@dataclass(frozen=True, slots=True)
class _Head:
    """How far an incident's chain goes in the table: number and hash of its last entry."""

    sequence: int
    hash: str


class DynamoLedger:
    """Ledger. Needs dynamodb:PutItem, UpdateItem and GetItem (append), GetItem (entry), Query (entries), and what its
    archive needs."""

    def __init__(self, client: Client, table: str, archive: LedgerArchive) -> None:
        self._table = Table(client, table)
        self._archive = archive

    def append(self, entry: LedgerEntry) -> bool:
        """Ledger. The incident's status changes with the entry. Raises IncidentNotFound; LedgerBroken when archive and
        table have gone different ways: then nothing more is written.

        OPENED is the status an incident is stored with; its entry may come after later ones and changes none.
        """
        for _ in range(_ATTEMPTS):
            # The head is read before the entry: what is not there now was not there when the head was read either.
            head = self._head(entry.incident_id)
            if self._table.get(_pk(entry.incident_id), f"ENTRY#{entry.kind}"):
                return False
            sealed = seal(entry, head.sequence + 1, head.hash)
            if self._archive.put(sealed):
                self._follow(sealed, head)
                return True
            found = self._archive.get(entry.incident_id, sealed.sequence)
            self._follow(found, head)
            if found.text == sealed.text:
                return True  # ours: the archive had taken it although its answer was lost
        raise Throttled("dynamodb:TransactWriteItems: others were writing of this incident all the time")

    def entry(self, incident_id: str, kind: LedgerKind) -> LedgerEntry | None:
        """Ledger."""
        item = self._table.get(_pk(incident_id), f"ENTRY#{kind}")
        return _entry(item) if item else None

    def entries(self, incident_id: str) -> list[LedgerEntry]:
        """Ledger."""
        found = [_entry(item) for item in self._table.query(_pk(incident_id), "ENTRY#")]
        return sorted(found, key=lambda entry: (entry.at, _ORDER[entry.kind]))

    def _head(self, incident_id: str) -> _Head:
        item = self._table.get(_pk(incident_id), _INCIDENT)
        if item is None:
            raise IncidentNotFound(f"incident_id: there is no incident {incident_id!r}")
        return _Head(*_head_of(item))

    def _follow(self, sealed: Sealed, head: _Head) -> None:
        """Write into the table what the archive has as the entry after ``head``, unless somebody else did."""
        incident_id, where = sealed.entry.incident_id, f"entry {sealed.sequence}"
        if sealed.previous != head.hash:
            raise LedgerBroken(f"incident {incident_id}: {where} in the archive follows another entry")
        if self._table.transact(
            {"Put": {"Item": _item(sealed), "ConditionExpression": ABSENT}},
            {"Update": _advance(sealed, head)},
        ):
            return
        now = self._head(incident_id)
        if now.sequence >= sealed.sequence:
            return
        if self._table.get(_pk(incident_id), f"ENTRY#{sealed.entry.kind}"):
            raise LedgerBroken(
                f"incident {incident_id}: the table has another {sealed.entry.kind} than {where}"
            )
        raise Throttled("dynamodb:TransactWriteItems: another write of this incident was under way")


class DynamoLedgerTable:
    """LedgerTable. Needs dynamodb:GetItem, Query on the table (kept) and on its index (incidents)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def kept(self, incident_id: str) -> Kept:
        """LedgerTable."""
        found = self._table.query(_pk(incident_id), "ENTRY#")
        texts = {item["sk"]["S"].removeprefix("ENTRY#"): item.get("text", {"S": ""})["S"] for item in found}
        return Kept(texts, *_head_of(self._table.get(_pk(incident_id), _INCIDENT) or {}))

    def incidents(self, since: datetime | None) -> Iterator[str]:
        """LedgerTable."""
        for item in self._table.feed("INCIDENTS"):
            moment, _, incident_id = item["feed_sk"]["S"].partition("#")
            if since is not None and moment < sortable(since):
                return
            yield incident_id


def _pk(incident_id: str) -> str:
    return f"INCIDENT#{incident_id}"


def _head_of(item: Item) -> tuple[int, str]:
    """An incident without entries has neither attribute."""
    return int(item.get("sequence", {"N": "0"})["N"]), item.get("head", {"S": ""})["S"]


def _item(sealed: Sealed) -> Item:
    return key(_pk(sealed.entry.incident_id), f"ENTRY#{sealed.entry.kind}") | {"text": text(sealed.text)}


def _advance(sealed: Sealed, head: _Head) -> Item:
    """The incident's head and status, if its head is still where it was."""
    opened = sealed.entry.kind is LedgerKind.OPENED
    return {
        "Key": key(_pk(sealed.entry.incident_id), _INCIDENT),
        "UpdateExpression": "SET #sequence = :next, #head = :hash" + ("" if opened else ", #status = :kind"),
        "ConditionExpression": f"{PRESENT} AND "
        + ("#sequence = :last" if head.sequence else "attribute_not_exists(#sequence)"),
        "ExpressionAttributeNames": {"#sequence": "sequence", "#head": "head"}
        | ({} if opened else {"#status": "status"}),
        "ExpressionAttributeValues": {":next": number(sealed.sequence), ":hash": text(sealed.hash)}
        | ({":last": number(head.sequence)} if head.sequence else {})
        | ({} if opened else {":kind": text(sealed.entry.kind)}),
    }


def _entry(item: Item) -> LedgerEntry:
    return unseal(item["text"]["S"]).entry
