"""S3: labelled failures, beside the lake of measurements."""

import json
from datetime import UTC, date

from selfheal.adapters.calls import Client, calling
from selfheal.domain.experiment import LabelledFailure
from selfheal.domain.incident import incident_id
from selfheal.wire import encode

LABELS = "labels"


class S3Labels:
    """Labels. Needs s3:PutObject on ``labels/*`` of the bucket."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, labelled: LabelledFailure) -> None:
        """Labels. One object for each failure, on the day its incident was opened, with one line of JSON."""
        name = (
            f"{labels_folder(labelled.opened_at.astimezone(UTC).date())}{incident_id(labelled.run_id)}.json"
        )
        line = json.dumps(encode(labelled), sort_keys=True, separators=(",", ":")) + "\n"
        with calling("s3:PutObject"):
            self._client.put_object(
                Bucket=self._bucket, Key=name, Body=line.encode(), ContentType="application/json"
            )


def labels_folder(day: date) -> str:
    """Where the labels of a day lie."""
    return f"{LABELS}/dt={day.isoformat()}/"
