"""The ledger's two places: the archive first, and the table that follows it, whatever happens in between."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selfheal.adapters.dynamodb import DynamoIncidents, DynamoLedger
from selfheal.adapters.dynamodb.ledger import DynamoLedgerTable
from selfheal.adapters.s3_ledger import S3ArchiveReader, S3LedgerArchive, key_of
from selfheal.domain.errors import LedgerBroken
from selfheal.domain.ledger import LedgerEntry, LedgerKind, Sealed, seal
from selfheal.steps.verify_ledger import Verified, verify_ledger
from selfheal.testing.builders import an_incident
from selfheal.testing.service import FixedClock
from tests.adapters.conftest import LEDGER_BUCKET, TABLE

INCIDENT = an_incident()
NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=2)


def an_entry(kind: LedgerKind, seconds: float = 0, **data: object) -> LedgerEntry:
    return LedgerEntry(INCIDENT.id, kind, NOW + timedelta(seconds=seconds), data)


@pytest.fixture
def ledger(dynamodb: Any, archive: S3LedgerArchive) -> DynamoLedger:
    DynamoIncidents(dynamodb, TABLE).open(INCIDENT)
    return DynamoLedger(dynamodb, TABLE, archive)


def verified(
    dynamodb: Any,
    s3: Any,
    at: datetime = LATER,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Verified:
    return verify_ledger(
        archive=S3ArchiveReader(s3, LEDGER_BUCKET),
        table=DynamoLedgerTable(dynamodb, TABLE),
        clock=FixedClock(at),
        since=since,
        until=until,
    )


def flaws(dynamodb: Any, s3: Any, at: datetime = LATER) -> list[tuple[int, str]]:
    return [(flaw.sequence, flaw.words) for flaw in verified(dynamodb, s3, at).flaws]


def written(ledger: DynamoLedger) -> None:
    ledger.append(an_entry(LedgerKind.OPENED, run_id="shop:1"))
    ledger.append(an_entry(LedgerKind.DECIDED, 1, verdict="act", remedy="retry_build"))
    ledger.append(an_entry(LedgerKind.OUTCOME, 2, status="healed"))


def test_what_was_written_is_whole_and_locked(ledger: DynamoLedger, dynamodb: Any, s3: Any) -> None:
    written(ledger)
    found = verified(dynamodb, s3)
    assert (found.incidents, found.entries, found.unlocked, found.flaws) == (1, 3, 0, ())


def test_a_lock_that_is_over_locks_nothing(ledger: DynamoLedger, dynamodb: Any, s3: Any) -> None:
    written(ledger)
    until = S3ArchiveReader(s3, LEDGER_BUCKET).versions(INCIDENT.id)[0].locked_until
    assert until is not None
    assert verified(dynamodb, s3, until + timedelta(days=1)).unlocked == 3


def test_an_object_is_the_text_whose_hash_the_next_one_names(ledger: DynamoLedger, s3: Any) -> None:
    written(ledger)
    bodies = [
        s3.get_object(Bucket=LEDGER_BUCKET, Key=key_of(INCIDENT.id, number))["Body"].read()
        for number in (1, 2, 3)
    ]
    named = [json.loads(body)["previous"] for body in bodies]
    assert named == ["", *(hashlib.sha256(body).hexdigest() for body in bodies[:2])]


def test_what_is_locked_cannot_be_deleted(ledger: DynamoLedger, s3: Any) -> None:
    written(ledger)
    version = s3.head_object(Bucket=LEDGER_BUCKET, Key=key_of(INCIDENT.id, 1))["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=LEDGER_BUCKET, Key=key_of(INCIDENT.id, 1), VersionId=version)


def test_nothing_is_written_over(archive: S3LedgerArchive) -> None:
    first = seal(an_entry(LedgerKind.OPENED), 1, "")
    assert archive.put(first)
    assert not archive.put(seal(an_entry(LedgerKind.ESCALATED), 1, ""))
    assert archive.get(INCIDENT.id, 1) == first


@dataclass
class Interrupted:
    """An archive after whose next write the writer dies."""

    archive: S3LedgerArchive
    calls: list[Sealed] = field(default_factory=list)

    def put(self, sealed: Sealed) -> bool:
        self.calls.append(sealed)
        self.archive.put(sealed)
        raise KeyboardInterrupt

    def get(self, incident_id: str, sequence: int) -> Sealed:
        return self.archive.get(incident_id, sequence)


def died_between(dynamodb: Any, archive: S3LedgerArchive, entry: LedgerEntry) -> None:
    with pytest.raises(KeyboardInterrupt):
        DynamoLedger(dynamodb, TABLE, Interrupted(archive)).append(entry)


def test_a_writer_that_died_in_between_finds_its_entry_written(
    ledger: DynamoLedger, dynamodb: Any, s3: Any, archive: S3LedgerArchive
) -> None:
    ledger.append(an_entry(LedgerKind.OPENED))
    died_between(dynamodb, archive, an_entry(LedgerKind.DECIDED, 1, verdict="act"))
    assert ledger.entry(INCIDENT.id, LedgerKind.DECIDED) is None
    assert ledger.append(an_entry(LedgerKind.DECIDED, 60, verdict="refuse")) is False
    decided = ledger.entry(INCIDENT.id, LedgerKind.DECIDED)
    assert decided is not None and decided.data == {"verdict": "act"}
    assert flaws(dynamodb, s3) == []


def test_another_writer_writes_down_what_one_that_died_left(
    ledger: DynamoLedger, dynamodb: Any, s3: Any, archive: S3LedgerArchive
) -> None:
    ledger.append(an_entry(LedgerKind.OPENED))
    died_between(dynamodb, archive, an_entry(LedgerKind.DECIDED, 1))
    assert ledger.append(an_entry(LedgerKind.ESCALATED, 2)) is True
    kinds = [entry.kind.value for entry in ledger.entries(INCIDENT.id)]
    assert kinds == ["opened", "decided", "escalated"]
    assert DynamoIncidents(dynamodb, TABLE).get(INCIDENT.id).status == "escalated"
    assert flaws(dynamodb, s3) == []


def test_an_entry_whose_answer_was_lost_counts_as_written(
    ledger: DynamoLedger, dynamodb: Any, s3: Any, archive: S3LedgerArchive
) -> None:
    """The SDK tries again by itself, and is then told that the object is there."""
    entry = an_entry(LedgerKind.OPENED)
    died_between(dynamodb, archive, entry)
    assert ledger.append(entry) is True
    assert flaws(dynamodb, s3) == []


def test_two_writers_at_once_leave_one_chain(
    ledger: DynamoLedger, dynamodb: Any, s3: Any, archive: S3LedgerArchive
) -> None:
    @dataclass
    class Overtaken:
        """An archive before whose first write somebody else writes."""

        others: list[LedgerEntry]

        def put(self, sealed: Sealed) -> bool:
            while self.others:
                ledger.append(self.others.pop())
            return archive.put(sealed)

        def get(self, incident_id: str, sequence: int) -> Sealed:
            return archive.get(incident_id, sequence)

    others = [an_entry(LedgerKind.OUTCOME, 3), an_entry(LedgerKind.OPENED)]
    assert DynamoLedger(dynamodb, TABLE, Overtaken(others)).append(an_entry(LedgerKind.NOTIFIED, 4)) is True
    same = [an_entry(LedgerKind.ESCALATED, 5, by="the other")]
    assert DynamoLedger(dynamodb, TABLE, Overtaken(same)).append(an_entry(LedgerKind.ESCALATED, 5)) is False
    assert [entry.kind.value for entry in ledger.entries(INCIDENT.id)] == [
        "opened",
        "outcome",
        "notified",
        "escalated",
    ]
    assert flaws(dynamodb, s3) == []


def test_an_unfinished_write_is_told_once_nobody_can_be_at_it_any_more(
    ledger: DynamoLedger, dynamodb: Any, s3: Any, archive: S3LedgerArchive
) -> None:
    written(ledger)
    died_between(dynamodb, archive, an_entry(LedgerKind.NOTIFIED, 3))
    assert flaws(dynamodb, s3, NOW) == []
    assert flaws(dynamodb, s3) == [(4, "(notified) is missing from the table")]


# ---- what verify finds in the real stores


def change(dynamodb: Any, kind: str, was: str, becomes: str) -> None:
    place = {"pk": {"S": f"INCIDENT#{INCIDENT.id}"}, "sk": {"S": f"ENTRY#{kind}"}}
    item = dynamodb.get_item(TableName=TABLE, Key=place)["Item"]
    item["text"]["S"] = item["text"]["S"].replace(was, becomes)
    dynamodb.put_item(TableName=TABLE, Item=item)


def delete(dynamodb: Any, sk: str) -> None:
    place = {"pk": {"S": f"INCIDENT#{INCIDENT.id}"}, "sk": {"S": sk}}
    dynamodb.delete_item(TableName=TABLE, Key=place)


def test_a_changed_entry_is_told_with_what_it_was(ledger: DynamoLedger, dynamodb: Any, s3: Any) -> None:
    written(ledger)
    change(dynamodb, "decided", '"verdict":"act"', '"verdict":"ask"')
    assert flaws(dynamodb, s3) == [(2, "(decided) was changed in the table: verdict 'act' became 'ask'")]


def test_a_truncated_table_is_told(ledger: DynamoLedger, dynamodb: Any, s3: Any) -> None:
    written(ledger)
    delete(dynamodb, "ENTRY#outcome")
    assert flaws(dynamodb, s3) == [(3, "(outcome) is missing from the table")]


def test_an_incident_that_vanished_from_the_table_is_told(
    ledger: DynamoLedger, dynamodb: Any, s3: Any
) -> None:
    written(ledger)
    for sk in ("INCIDENT", "ENTRY#opened", "ENTRY#decided", "ENTRY#outcome"):
        delete(dynamodb, sk)
    assert [sequence for sequence, _ in flaws(dynamodb, s3)] == [1, 2, 3]


def test_a_forged_entry_in_the_table_is_told(ledger: DynamoLedger, dynamodb: Any, s3: Any) -> None:
    written(ledger)
    forged = seal(an_entry(LedgerKind.APPROVED, 1, by="nobody"), 4, "")
    place = {"pk": {"S": f"INCIDENT#{INCIDENT.id}"}, "sk": {"S": "ENTRY#approved"}}
    dynamodb.put_item(TableName=TABLE, Item=place | {"text": {"S": forged.text}})
    assert flaws(dynamodb, s3) == [
        (0, "the table has an entry approved that was never written to the archive")
    ]


def test_an_object_that_was_hidden_or_written_over_is_told(
    ledger: DynamoLedger, dynamodb: Any, s3: Any
) -> None:
    written(ledger)
    s3.delete_object(Bucket=LEDGER_BUCKET, Key=key_of(INCIDENT.id, 1))
    s3.put_object(Bucket=LEDGER_BUCKET, Key=key_of(INCIDENT.id, 2), Body=b"{}")
    assert flaws(dynamodb, s3) == [
        (1, "was deleted from the archive (its versions are still there)"),
        (2, "was written over in the archive; the first version counts"),
    ]


def test_an_object_of_another_name_is_told(ledger: DynamoLedger, dynamodb: Any, s3: Any) -> None:
    written(ledger)
    s3.put_object(Bucket=LEDGER_BUCKET, Key=f"entries/{INCIDENT.id}/1.json", Body=b"{}")
    assert flaws(dynamodb, s3) == [(0, "the archive has an object whose name is no entry's")]


def test_a_back_dated_entry_is_told(ledger: DynamoLedger, dynamodb: Any, s3: Any) -> None:
    ledger.append(an_entry(LedgerKind.OPENED))
    ledger.append(an_entry(LedgerKind.APPROVED, -86400, by="somebody"))
    ((sequence, words),) = flaws(dynamodb, s3)
    assert sequence == 2 and words.startswith("says ") and " and was written " in words


def test_where_table_and_archive_went_different_ways_nothing_more_is_written(
    ledger: DynamoLedger, dynamodb: Any, archive: S3LedgerArchive
) -> None:
    ledger.append(an_entry(LedgerKind.OPENED))
    archive.put(seal(an_entry(LedgerKind.APPROVED, by="nobody"), 2, "0" * 64))
    with pytest.raises(LedgerBroken, match="entry 2 in the archive follows another entry"):
        ledger.append(an_entry(LedgerKind.DECIDED))
    assert ledger.entry(INCIDENT.id, LedgerKind.APPROVED) is None


def test_only_incidents_written_since_are_looked_at(ledger: DynamoLedger, dynamodb: Any, s3: Any) -> None:
    written(ledger)
    assert verified(dynamodb, s3, since=NOW - timedelta(hours=1)).incidents == 1
    assert verified(dynamodb, s3, since=LATER).incidents == 0


def test_the_digest_of_a_moment_stays_while_the_ledger_grows(
    ledger: DynamoLedger, dynamodb: Any, s3: Any
) -> None:
    written(ledger)
    reader = S3ArchiveReader(s3, LEDGER_BUCKET)
    until = max(each.written_at for each in reader.versions(INCIDENT.id))
    before = verified(dynamodb, s3, until=until).digest
    assert verified(dynamodb, s3, until=until - timedelta(days=1)).digest != before
    assert verified(dynamodb, s3).digest == before
