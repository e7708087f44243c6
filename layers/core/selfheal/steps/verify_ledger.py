"""verify_ledger: hold every incident's record against its archive. Called by the command, not by the machine."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from selfheal.domain.chain import Flaw, flaws_of
from selfheal.domain.ledger import hash_of
from selfheal.ports import Clock
from selfheal.record_ports import ArchiveReader, LedgerTable


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what is not as it was written. ``digest`` sums up the hashes of all entries that were
    looked at: kept elsewhere, it shows later whether the same ones are still there. ``unlocked`` counts entries whose
    object nothing keeps from being deleted: it never had a lock, or its lock is over."""

    incidents: int
    entries: int
    unlocked: int
    flaws: tuple[Flaw, ...]
    digest: str


def verify_ledger(
    *,
    archive: ArchiveReader,
    table: LedgerTable,
    clock: Clock,
    since: datetime | None = None,
    until: datetime | None = None,
    tell: Callable[[int], None] = lambda count: None,
) -> Verified:
    """Verify all incidents that the archive or the table has (with an entry since ``since``).

    Entries written after ``until`` are left out of the digest, so that it can be computed again for the same moment.
    The archive is read before the table: what it has, the table has by then, or a writer is between the two.
    """
    ids = dict.fromkeys([*archive.incidents(since), *table.incidents(since)])
    flaws: list[Flaw] = []
    hashes: list[str] = []
    unlocked = entries = 0
    for count, incident_id in enumerate(ids, 1):
        versions = archive.versions(incident_id)
        now = clock.now()
        flaws += flaws_of(incident_id, versions, table.kept(incident_id), now)
        present = [each for each in versions if each.text is not None]
        entries += len(present)
        unlocked += sum(each.locked_until is None or each.locked_until <= now for each in present)
        hashes += [hash_of(each.text or "") for each in present if until is None or each.written_at <= until]
        tell(count)
    digest = hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()
    return Verified(len(ids), entries, unlocked, tuple(flaws), digest)
