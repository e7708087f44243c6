"""S3: writing the lake of measurements."""

import gzip
import hashlib
from collections.abc import Sequence
from datetime import UTC, date
from itertools import groupby

from selfheal.adapters.calls import Client, calling
from selfheal.domain.measurement import Measurement
from selfheal.wire import line_of

MEASUREMENTS = "measurements"


class S3Lake:
    """Lake. Needs s3:PutObject on ``measurements/*`` of the bucket."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, measurements: Sequence[Measurement]) -> list[str]:
        """Lake. An object is named by its bytes: it is never overwritten by anything else."""
        in_order = sorted(measurements, key=lambda m: (day_of(m), m.run_id))
        return [self._put(day, list(group)) for day, group in groupby(in_order, key=day_of)]

    def _put(self, day: date, measurements: Sequence[Measurement]) -> str:
        body = gzip.compress("".join(map(line_of, measurements)).encode(), mtime=0)
        name = f"{folder_of(day)}{hashlib.sha256(body).hexdigest()[:32]}.ndjson.gz"
        with calling("s3:PutObject"):
            self._client.put_object(Bucket=self._bucket, Key=name, Body=body, ContentType="application/gzip")
        return name


def day_of(measurement: Measurement) -> date:
    """The day on which a run started, in UTC."""
    return measurement.started_at.astimezone(UTC).date()


def folder_of(day: date) -> str:
    """Where the measurements of a day lie."""
    return f"{MEASUREMENTS}/dt={day.isoformat()}/"
