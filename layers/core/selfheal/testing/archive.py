"""The two places of the ledger, in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from selfheal.domain.chain import Archived, Kept
from selfheal.domain.ledger import Sealed, unseal


@dataclass
class MemoryArchive:
    """LedgerArchive and ArchiveReader. What is written is locked for a day, and was written when it says."""

    objects: dict[tuple[str, int], str] = field(default_factory=dict)

    def put(self, sealed: Sealed) -> bool:
        """LedgerArchive."""
        place = (sealed.entry.incident_id, sealed.sequence)
        new = place not in self.objects
        self.objects.setdefault(place, sealed.text)
        return new

    def get(self, incident_id: str, sequence: int) -> Sealed:
        """LedgerArchive."""
        return unseal(self.objects[incident_id, sequence])

    def incidents(self, since: datetime | None) -> Iterator[str]:
        """ArchiveReader."""
        yield from dict.fromkeys(incident_id for incident_id, _ in self.objects)

    def versions(self, incident_id: str) -> Sequence[Archived]:
        """ArchiveReader."""
        found = sorted(
            (number, text) for (owner, number), text in self.objects.items() if owner == incident_id
        )
        return [archived(incident_id, number, text) for number, text in found]


@dataclass
class MemoryLedgerTable:
    """LedgerTable: what a test says that the table holds, by incident."""

    held: dict[str, Kept] = field(default_factory=dict)

    def kept(self, incident_id: str) -> Kept:
        """LedgerTable."""
        return self.held.get(incident_id, Kept())

    def incidents(self, since: datetime | None) -> Iterator[str]:
        """LedgerTable."""
        yield from self.held


def archived(incident_id: str, sequence: int, text: str) -> Archived:
    """An entry's object as the archive has it when its writer was quick."""
    at = unseal(text).entry.at
    return Archived(incident_id, sequence, text, at, at + timedelta(days=1))
