"""What the record is kept in apart from the table, as Protocols: the archive that proves it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from selfheal.domain.autonomy import Clearance, Subject, Track, Trial
from selfheal.domain.chain import Archived, Kept
from selfheal.domain.experiment import LabelledFailure
from selfheal.domain.ledger import Sealed


class LedgerArchive(Protocol):
    """The proof of the ledger: each entry as an object that nobody can change."""

    def put(self, sealed: Sealed) -> bool:
        """Write an entry unless there is one of its number; True when it was written."""

    def get(self, incident_id: str, sequence: int) -> Sealed:
        """The entry of that number. Raises LedgerBroken when what is there was never sealed."""


class TrackRecords(Protocol):
    """What came of each remedy, by pipeline and cause, as the functions see it: they add outcomes to it."""

    def note(self, subject: Subject, trial: Trial) -> None:
        """Note an outcome; the same again changes nothing."""

    def track(self, subject: Subject) -> Track:
        """The last trials of a subject, and the last clearance, read consistently."""


class TrackBoard(TrackRecords, Protocol):
    """The same as people see it: they look at all of it, and give back trust that was lost."""

    def recent(self, limit: int) -> list[tuple[Subject, Trial]]:
        """The last trials of all subjects, newest first."""

    def clear(self, subject: Subject, clearance: Clearance) -> None:
        """Let what came before count no more, and keep who said so."""


class Labels(Protocol):
    """Labelled failures, for training and for Athena."""

    def put(self, labelled: LabelledFailure) -> None:
        """Write one; the same again changes nothing."""


class ArchiveReader(Protocol):
    """The archive, read to be checked."""

    def incidents(self, since: datetime | None) -> Iterator[str]:
        """The ids of the incidents that have an entry written since then (all: None)."""

    def versions(self, incident_id: str) -> Sequence[Archived]:
        """Every version of every object of an incident, deleted ones included, in order of number and age."""


class LedgerTable(Protocol):
    """The table, read to be checked."""

    def kept(self, incident_id: str) -> Kept:
        """What the table holds of an incident, read consistently; nothing when it knows of none."""

    def incidents(self, since: datetime | None) -> Iterator[str]:
        """The ids of the incidents opened since then (all: None)."""
