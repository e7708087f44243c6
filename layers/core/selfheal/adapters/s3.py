"""S3: the lake of measurements."""

import gzip
import hashlib
import json
import re
from datetime import UTC

from selfheal.adapters.calls import Client, calling
from selfheal.domain.measurement import Measurement
from selfheal.wire import encode

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class S3Lake:
    """Lake. Needs s3:PutObject on ``measurements/*`` of the bucket."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, measurement: Measurement) -> str:
        """Lake. A repeated put changes nothing: the same measurement is the same bytes under the same key."""
        key = key_of(measurement)
        line = json.dumps(encode(measurement), sort_keys=True, separators=(",", ":")) + "\n"
        with calling("s3:PutObject"):
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=gzip.compress(line.encode(), mtime=0),
                ContentType="application/gzip",
            )
        return key


def key_of(measurement: Measurement) -> str:
    """``measurements/dt=<day of the start, UTC>/<pipeline>/<hash of the run id>.ndjson.gz``."""
    day = measurement.started_at.astimezone(UTC).date().isoformat()
    pipeline = _UNSAFE.sub("_", str(measurement.pipeline))
    name = hashlib.sha256(measurement.run_id.encode()).hexdigest()[:32]
    return f"measurements/dt={day}/{pipeline}/{name}.ndjson.gz"
