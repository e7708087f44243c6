"""S3: measurements that cannot be believed."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, calling, error_code
from selfheal.domain.measurement import Measurement
from selfheal.wire import encode

QUARANTINE = "quarantine"


class S3Quarantine:
    """Quarantine. Needs s3:PutObject on ``quarantine/*`` of the bucket. One JSON object a run, written once."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, measurement: Measurement, reasons: Sequence[str]) -> bool:
        """Quarantine. The name is that of the run, so however often it is delivered it is one object."""
        name = f"{QUARANTINE}/{hashlib.sha256(measurement.run_id.encode()).hexdigest()[:32]}.json"
        document = {"reasons": list(reasons), "measurement": _plain(encode(measurement))}
        body = json.dumps(document, sort_keys=True, allow_nan=False).encode()
        with calling("s3:PutObject"):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=name, Body=body, ContentType="application/json", IfNoneMatch="*"
                )
            except ClientError as error:
                if error_code(error) == "PreconditionFailed":
                    return False
                raise
        return True


def _plain(value: Any) -> Any:
    """The same with numbers that JSON does not know as text."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value
