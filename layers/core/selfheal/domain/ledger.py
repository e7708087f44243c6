"""Ledger: the append-only record of everything that was found, decided and done, each incident's a chain of hashes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from selfheal.domain.errors import LedgerBroken


class LedgerKind(StrEnum):
    """What an entry records. An incident has at most one entry of each kind."""

    OPENED = "opened"
    DIAGNOSED = "diagnosed"
    SUGGESTED = "suggested"
    DECIDED = "decided"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPROVAL_EXPIRED = "approval_expired"
    ACTION_INTENDED = "action_intended"
    ACTION_STARTED = "action_started"
    ACTION_REFUSED = "action_refused"
    UNDONE = "undone"
    OUTCOME = "outcome"
    NOTIFIED = "notified"
    ESCALATED = "escalated"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry. ``data`` is JSON-shaped and already redacted."""

    incident_id: str
    kind: LedgerKind
    at: datetime
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry in its place: number ``sequence`` (from 1) of its incident, after the entry whose hash is ``previous``
    (empty for the first). ``text`` is the JSON that is kept and hashed, byte for byte."""

    entry: LedgerEntry
    sequence: int
    previous: str
    text: str

    @property
    def hash(self) -> str:
        """The SHA-256 (hex) of the text: whoever has the bytes can compute it, without knowing how they came about."""
        return hash_of(self.text)


def hash_of(text: str) -> str:
    """The hash of an entry's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def seal(entry: LedgerEntry, sequence: int, previous: str) -> Sealed:
    """Give an entry its place: keys sorted, no white space, ASCII, moments in UTC, so that equal entries are equal
    bytes. Raises ValueError for numbers that JSON does not have."""
    document = {
        "incident_id": entry.incident_id,
        "sequence": sequence,
        "previous": previous,
        "kind": entry.kind.value,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "data": dict(entry.data),
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Sealed(entry, sequence, previous, text)


_FIELDS = {"incident_id": str, "sequence": int, "previous": str, "kind": str, "at": str, "data": dict}


def unseal(text: str) -> Sealed:
    """Inverse of ``seal``. Raises LedgerBroken for text that no entry was ever sealed as."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise LedgerBroken("is not JSON") from None
    if not isinstance(document, dict) or document.keys() != _FIELDS.keys():
        raise LedgerBroken(f"does not have exactly the fields {', '.join(_FIELDS)}")
    for name, kind in _FIELDS.items():
        if not isinstance(document[name], kind) or isinstance(document[name], bool):
            raise LedgerBroken(f"{name}: is not of the type {kind.__name__}")
    try:
        entry = LedgerEntry(
            document["incident_id"],
            LedgerKind(document["kind"]),
            datetime.fromisoformat(document["at"]),
            document["data"],
        )
    except ValueError as error:
        raise LedgerBroken(str(error)) from None
    if entry.at.tzinfo is None:
        raise LedgerBroken("at: has no time zone")
    return Sealed(entry, document["sequence"], document["previous"], text)
