"""Runs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from selfheal.adapters.calls import Client, Json, calling
from selfheal.adapters.dynamodb.table import (
    PRESENT,
    Item,
    Table,
    key,
    number,
    packed,
    sortable,
    text,
    unpacked,
)
from selfheal.domain.errors import Throttled
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey
from selfheal.ports import StoredRun

KEPT = timedelta(days=400)
BATCH = 100


class DynamoRuns:
    """RunStore. Needs dynamodb:PutItem, GetItem, UpdateItem, BatchGetItem, and Query on the index."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def save(self, measurement: Measurement) -> StoredRun:
        """RunStore."""
        if self._table.put_new(_item(measurement)):
            return StoredRun(measurement, announced=False)
        return self.get(measurement.run_id) or StoredRun(measurement, announced=False)

    def mark_announced(self, run_id: str) -> None:
        """RunStore. Raises RunNotFound when the run is not stored."""
        self._set(run_id, "announced", True)

    def mark_confirmed(self, run_id: str, confirmed: bool) -> None:
        """RunStore."""
        self._set(run_id, "confirmed", confirmed)

    def get(self, run_id: str) -> StoredRun | None:
        """RunStore."""
        item = self._table.get(f"RUN#{run_id}", "RUN")
        return _stored(item) if item else None

    def known(self, run_ids: Sequence[str]) -> set[str]:
        """RunStore. Raises Throttled when the table answers for none of them."""
        remaining = [_key(run_id) for run_id in dict.fromkeys(run_ids)]
        found: set[str] = set()
        while remaining:
            asked, remaining = remaining[:BATCH], remaining[BATCH:]
            reply = self._batch(asked)
            unread = reply.get("UnprocessedKeys", {}).get(self._table.name, {}).get("Keys", [])
            if len(unread) == len(asked):
                raise Throttled("dynamodb:BatchGetItem: no key was processed")
            found |= {item["pk"]["S"].removeprefix("RUN#") for item in reply["Responses"][self._table.name]}
            remaining += unread
        return found

    def history(self, pipeline: PipelineKey, before: datetime, limit: int) -> list[StoredRun]:
        """RunStore."""
        return [_stored(item) for item in self._table.feed(f"PIPELINE#{pipeline}", limit, sortable(before))]

    def _set(self, run_id: str, name: str, value: bool) -> None:
        gone = {"ConditionalCheckFailedException": f"run_id: {run_id} is not in the table"}
        with calling("dynamodb:UpdateItem", gone=gone):
            self._table.client.update_item(
                TableName=self._table.name,
                Key=_key(run_id),
                UpdateExpression=f"SET {name} = :value",
                ConditionExpression=PRESENT,
                ExpressionAttributeValues={":value": {"BOOL": value}},
            )

    def _batch(self, keys: list[Item]) -> Json:
        request = {self._table.name: {"Keys": keys, "ProjectionExpression": "pk", "ConsistentRead": True}}
        with calling("dynamodb:BatchGetItem"):
            reply: Json = self._table.client.batch_get_item(RequestItems=request)
        return reply


def _key(run_id: str) -> Item:
    return key(f"RUN#{run_id}", "RUN")


def _item(measurement: Measurement) -> Item:
    return _key(measurement.run_id) | {
        "feed_pk": text(f"PIPELINE#{measurement.pipeline}"),
        "feed_sk": text(f"{sortable(measurement.started_at)}#{measurement.run_id}"),
        "measurement": packed(measurement),
        "announced": {"BOOL": False},
        "expires_at": number(int((measurement.started_at + KEPT).timestamp())),
    }


def _stored(item: Item) -> StoredRun:
    """Only runs whose incident was judged have the attribute ``confirmed``."""
    confirmed = item.get("confirmed", {"BOOL": False})["BOOL"]
    return StoredRun(unpacked(Measurement, item["measurement"]), item["announced"]["BOOL"], confirmed)
