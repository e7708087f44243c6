"""S3: the archive of the ledger, in a bucket with Object Lock. One object for each entry, never replaced.

``entries/<incident>/<number>.json`` holds the entry's text and nothing else: its SHA-256 is what the next entry names.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby
from typing import Any

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, calling, error_code, pages
from selfheal.domain.chain import Archived
from selfheal.domain.errors import LedgerBroken
from selfheal.domain.ledger import Sealed, unseal

ENTRIES = "entries/"
READERS = 8
"""An incident has about so many entries: they are read at once, for each read is mostly waiting."""


class S3LedgerArchive:
    """LedgerArchive. Needs s3:PutObject (put) and s3:GetObject (get) on ``entries/*`` of the bucket, and nothing that
    deletes, unlocks or passes a lock by."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, sealed: Sealed) -> bool:
        """LedgerArchive. The bucket's own rule locks what is written. Raises Throttled while another writes it."""
        with calling("s3:PutObject"):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key_of(sealed.entry.incident_id, sealed.sequence),
                    Body=sealed.text.encode(),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if error_code(error) == "PreconditionFailed":
                    return False
                raise
        return True

    def get(self, incident_id: str, sequence: int) -> Sealed:
        """LedgerArchive."""
        name = key_of(incident_id, sequence)
        with calling("s3:GetObject"):
            body = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        sealed = unseal(body.decode(errors="replace"))
        if (sealed.entry.incident_id, sealed.sequence) != (incident_id, sequence):
            raise LedgerBroken(f"{name} holds another entry than its name says")
        return sealed


class S3ArchiveReader:
    """ArchiveReader. Needs s3:ListBucketVersions on the bucket, s3:GetObjectVersion and s3:GetObjectRetention on its
    objects."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def incidents(self, since: datetime | None) -> Iterator[str]:
        """ArchiveReader. Streams: S3 lists names in order, so an incident's objects come together."""
        for incident_id, found in groupby(self._listed(ENTRIES), key=lambda each: _place(each["Key"])[0]):
            if any(since is None or each["LastModified"] >= since for each in found):
                yield incident_id

    def versions(self, incident_id: str) -> Sequence[Archived]:
        """ArchiveReader."""
        with ThreadPoolExecutor(READERS) as pool:
            found = list(pool.map(self._archived, self._listed(f"{ENTRIES}{incident_id}/")))
        # S3 lists the newest version of a name first and tells time in seconds: of two of one second the later
        # listed is the older.
        found.reverse()
        return sorted(found, key=lambda each: (each.sequence, each.written_at))

    def _listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Versions and marks of deletion, by name; a page of them may end between two of one name."""
        listing = pages(
            self._client,
            "list_object_versions",
            "s3:ListBucketVersions",
            Bucket=self._bucket,
            Prefix=prefix,
        )
        for page in listing:
            marks = [{**mark, "Mark": True} for mark in page.get("DeleteMarkers", [])]
            yield from sorted([*page.get("Versions", []), *marks], key=lambda each: str(each["Key"]))

    def _archived(self, listed: dict[str, Any]) -> Archived:
        incident_id, sequence = _place(listed["Key"])
        if listed.get("Mark"):
            return Archived(incident_id, sequence, None, listed["LastModified"])
        version = {"Bucket": self._bucket, "Key": listed["Key"], "VersionId": listed["VersionId"]}
        with calling("s3:GetObjectVersion"):
            reply = self._client.get_object(**version)
            text = reply["Body"].read().decode(errors="replace")
        until = reply.get("ObjectLockRetainUntilDate")
        return Archived(incident_id, sequence, text, listed["LastModified"], until)


def key_of(incident_id: str, sequence: int) -> str:
    """The name of an entry's object; the names of an incident's are in the order of its entries."""
    return f"{ENTRIES}{incident_id}/{sequence:06d}.json"


def _place(key: str) -> tuple[str, int]:
    """The incident and the number that a name says; number 0 for a name that no entry was written under."""
    incident_id, _, name = key.removeprefix(ENTRIES).partition("/")
    number = name.removesuffix(".json")
    proper = number.isascii() and number.isdigit() and key == key_of(incident_id, int(number))
    return incident_id, int(number) if proper else 0
