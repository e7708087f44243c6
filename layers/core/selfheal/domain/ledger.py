"""Ledger: the append-only record of everything that was found, decided and done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
