"""Chain: whether an incident's record is what was written. Pure; what archive and table hold is handed in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from selfheal.domain.errors import LedgerBroken
from selfheal.domain.ledger import LedgerKind, Sealed, hash_of, unseal

UNDER_WAY = timedelta(minutes=15)
"""A writer that died between archive and table is tried again within this time, or its incident is escalated."""

CLOCKS_APART = timedelta(minutes=5)
LATEST = timedelta(hours=1)
"""An entry's own time and the archive's lie no further apart: a writer makes the entry and writes it at once. An
answer whose writer died is written when the execution stops waiting for it, and OPENED when its event comes again."""

_LATER = {
    LedgerKind.OPENED: timedelta.max,
    **dict.fromkeys(
        (LedgerKind.APPROVED, LedgerKind.REJECTED, LedgerKind.APPROVAL_EXPIRED), timedelta(hours=6)
    ),
}

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Archived:
    """One version of an entry's object. ``text`` is None for a mark of deletion; ``written_at`` is the archive's own
    word, and so is ``locked_until`` (None: it is not locked)."""

    incident_id: str
    sequence: int
    text: str | None
    written_at: datetime
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the table says of an incident: the texts of its entries by kind, and how far its chain goes."""

    texts: Mapping[str, str] = field(default_factory=dict)
    sequence: int = 0
    head: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it was written: in which entry (0: in none or in all), and what differs."""

    incident_id: str
    sequence: int
    words: str


def flaws_of(incident_id: str, archived: Sequence[Archived], kept: Kept, now: datetime) -> list[Flaw]:
    """Everything that is wrong with an incident's record, best evidence first; none when it is whole.

    ``archived`` holds all versions by number and age. Where the two differ the archive has the truth: the oldest
    version of an object, for that is the one whose lock nobody could pass by.
    """
    found = list(_archive_flaws(incident_id, archived))
    first = _first_versions(archived)
    found += _chain_flaws(incident_id, first)
    found += _table_flaws(incident_id, first, kept, now)
    return found


def _first_versions(archived: Sequence[Archived]) -> dict[int, Archived]:
    first: dict[int, Archived] = {}
    for each in archived:
        if each.text is not None and each.sequence:
            first.setdefault(each.sequence, each)
    return first


def _archive_flaws(incident_id: str, archived: Sequence[Archived]) -> Iterator[Flaw]:
    """Objects that were written over, hidden or named by somebody else."""
    for sequence, versions in groupby(archived, key=lambda each: each.sequence):
        several = list(versions)
        if sequence == 0:
            yield Flaw(incident_id, 0, "the archive has an object whose name is no entry's")
        if any(each.text is None for each in several):
            yield Flaw(incident_id, sequence, "was deleted from the archive (its versions are still there)")
        if len({each.text for each in several if each.text is not None}) > 1:
            yield Flaw(incident_id, sequence, "was written over in the archive; the first version counts")


def _chain_flaws(incident_id: str, first: Mapping[int, Archived]) -> Iterator[Flaw]:
    """Gaps, wrong links, entries that are none, kinds that come twice, and times that cannot be."""
    previous, kinds = "", dict[str, int]()
    for sequence in range(1, max(first, default=0) + 1):
        if sequence not in first:
            yield Flaw(incident_id, sequence, "is missing from the archive")
            previous = "?"
            continue
        text = first[sequence].text or ""
        try:
            sealed = unseal(text)
        except LedgerBroken as error:
            yield Flaw(incident_id, sequence, f"in the archive is no entry: {error}")
        else:
            yield from _link_flaws(incident_id, sequence, sealed, previous)
            yield from _time_flaws(incident_id, first[sequence], sealed)
            if kinds.setdefault(sealed.entry.kind, sequence) != sequence:
                words = f"is a second {sealed.entry.kind}, after entry {kinds[sealed.entry.kind]}"
                yield Flaw(incident_id, sequence, words)
        previous = hash_of(text)


def _link_flaws(incident_id: str, sequence: int, sealed: Sealed, previous: str) -> Iterator[Flaw]:
    if (sealed.entry.incident_id, sealed.sequence) != (incident_id, sequence):
        words = f"says that it is entry {sealed.sequence} of incident {sealed.entry.incident_id}"
        yield Flaw(incident_id, sequence, words)
    if sealed.previous != previous:
        words = (
            f"does not follow entry {sequence - 1}" if sequence > 1 else "follows an entry, but is the first"
        )
        yield Flaw(incident_id, sequence, f"{words} (it names {sealed.previous[:12] or 'none'})")


def _time_flaws(incident_id: str, archived: Archived, sealed: Sealed) -> Iterator[Flaw]:
    late = archived.written_at - sealed.entry.at
    if not -CLOCKS_APART <= late <= _LATER.get(sealed.entry.kind, LATEST):
        words = f"says {sealed.entry.at.isoformat()} and was written {archived.written_at.isoformat()}"
        yield Flaw(incident_id, archived.sequence, words)


def _table_flaws(
    incident_id: str, first: Mapping[int, Archived], kept: Kept, now: datetime
) -> Iterator[Flaw]:
    """Where the table says something else than the archive."""
    of_kind = {kind: each for each in first.values() if (kind := _kind_of(each.text or ""))}
    last = max(first, default=0)
    for kind, archived in of_kind.items():
        if kind not in kept.texts:
            young = archived.sequence == last and now - archived.written_at < UNDER_WAY
            if not young:
                yield Flaw(incident_id, archived.sequence, f"({kind}) is missing from the table")
        elif kept.texts[kind] != archived.text:
            words = difference(archived.text or "", kept.texts[kind])
            yield Flaw(incident_id, archived.sequence, f"({kind}) was changed in the table: {words}")
    for kind in kept.texts.keys() - of_kind.keys():
        yield Flaw(incident_id, 0, f"the table has an entry {kind} that was never written to the archive")
    yield from _head_flaws(incident_id, first, kept)


def _head_flaws(incident_id: str, first: Mapping[int, Archived], kept: Kept) -> Iterator[Flaw]:
    """The table's head must be an entry that the archive has. One that lags is told by the entry that is missing."""
    if kept.sequence == 0:
        if kept.texts:
            yield Flaw(incident_id, 0, "the table has entries but no head")
        return
    at_head = first.get(kept.sequence)
    if at_head is None or hash_of(at_head.text or "") != kept.head:
        yield Flaw(incident_id, kept.sequence, "is not what the table takes for its last entry")


def _kind_of(text: str) -> str:
    try:
        return unseal(text).entry.kind.value
    except LedgerBroken:
        return ""


def difference(was: str, is_now: str) -> str:
    """What differs between two texts of an entry: the first field that does, with both values."""
    try:
        before, after = unseal(was), unseal(is_now)
    except LedgerBroken as error:
        return f"one of them {error}"
    fields = {
        "incident": (before.entry.incident_id, after.entry.incident_id),
        "number": (before.sequence, after.sequence),
        "previous": (before.previous, after.previous),
        "kind": (before.entry.kind.value, after.entry.kind.value),
        "time": (before.entry.at.isoformat(), after.entry.at.isoformat()),
    }
    keys = sorted({*before.entry.data, *after.entry.data})
    fields |= {key: (before.entry.data.get(key), after.entry.data.get(key)) for key in keys}
    changed = (f"{name} {_short(a)} became {_short(b)}" for name, (a, b) in fields.items() if a != b)
    return "; ".join(changed) or "white space or order"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
