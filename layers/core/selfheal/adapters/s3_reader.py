"""S3: reading the lake of measurements, a day at a time."""

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from selfheal.adapters.calls import Client, calling, pages
from selfheal.adapters.s3 import folder_of
from selfheal.domain.errors import RunNotFound
from selfheal.domain.measurement import Measurement, most_complete
from selfheal.lake_lines import measurements_in

READERS = 8
# Eight at a time and some 25 ms for each, which is an estimate, that is five minutes: a function has fifteen.
MOST_OBJECTS = 100_000
_ENDED = {"NoSuchKey": "gone"}


class S3LakeReader:
    """LakeReader. Needs s3:ListBucket on the bucket and s3:GetObject on ``measurements/*``.

    Memory holds the objects and the runs of one day, and the names of all objects: of a lake with more than 100,000,
    those of its last days. ``skipped`` counts what could not be read, by object and reason.
    """

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self.skipped: Counter[str] = Counter()

    def read(self, since: datetime, until: datetime) -> Iterator[Measurement]:
        """LakeReader."""
        for names in self._days(since.astimezone(UTC).date(), until.astimezone(UTC).date()):
            found = most_complete(self._day(names)).values()
            within = [m for m in found if since <= m.started_at < until]
            yield from sorted(within, key=lambda m: (m.started_at, m.run_id))

    def _days(self, first: date, last: date) -> list[list[str]]:
        """The names of each day's objects, the oldest day first: of as many of the last days as can be read in time."""
        days: list[list[str]] = []
        left, day = MOST_OBJECTS, last
        while day >= first:
            names = list(self._names(day))
            if left < MOST_OBJECTS and len(names) > left:
                self.skipped[f"{folder_of(day)}: too many objects, this day and all before"] += 1
                break
            days.append(names)
            left -= len(names)
            day -= timedelta(days=1)
        return days[::-1]

    def _day(self, names: Sequence[str]) -> Iterator[Measurement]:
        """In the order of the names, whichever object arrives first: the same lake always reads the same."""
        with ThreadPoolExecutor(READERS) as pool:
            for name, body in zip(names, pool.map(self._body, names), strict=True):
                yield from self._measurements(name, body)

    def _names(self, day: date) -> Iterator[str]:
        operation, prefix = "s3:ListBucket", folder_of(day)
        for page in pages(self._client, "list_objects_v2", operation, Bucket=self._bucket, Prefix=prefix):
            yield from (entry["Key"] for entry in page.get("Contents", []))

    def _body(self, name: str) -> bytes | None:
        """The object as it is stored; None when it expired since it was listed."""
        try:
            with calling("s3:GetObject", gone=_ENDED):
                reply = self._client.get_object(Bucket=self._bucket, Key=name)
                body: bytes = reply["Body"].read()
        except RunNotFound:
            return None
        return body

    def _measurements(self, name: str, body: bytes | None) -> Iterator[Measurement]:
        if body is None:
            self.skipped[f"{name}: gone"] += 1
            return
        yield from measurements_in(name, io.BytesIO(body), self.skipped)
