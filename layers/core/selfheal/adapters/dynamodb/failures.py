"""Failures by fingerprint."""

from datetime import timedelta

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Table, key, number, packed, sortable, text, unpacked
from selfheal.domain.run import PipelineKey
from selfheal.domain.sighting import Sighting

KEPT = timedelta(days=180)


class DynamoFailures:
    """FailureMemory. Needs dynamodb:PutItem (remember), and Query on the index (seen)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def remember(self, sighting: Sighting) -> None:
        """FailureMemory."""
        self._table.put(
            key(f"RUN#{sighting.run_id}", "FAILURE")
            | {
                "feed_pk": text(_feed(sighting.pipeline, sighting.fingerprint)),
                "feed_sk": text(f"{sortable(sighting.started_at)}#{sighting.run_id}"),
                "sighting": packed(sighting),
                "expires_at": number(int((sighting.started_at + KEPT).timestamp())),
            }
        )

    def seen(self, pipeline: PipelineKey, fingerprint: str, limit: int) -> list[Sighting]:
        """FailureMemory. Read from the index: a failure of this very moment may be missing."""
        items = self._table.feed(_feed(pipeline, fingerprint), limit)
        return [unpacked(Sighting, item["sighting"]) for item in items]


def _feed(pipeline: PipelineKey, fingerprint: str) -> str:
    return f"FAILURE#{pipeline}#{fingerprint}"
