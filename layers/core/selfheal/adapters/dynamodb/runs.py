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
from selfheal.domain.errors import RunNotFound, Throttled
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey
from selfheal.domain.score import Score
from selfheal.ports import StoredRun

KEPT = timedelta(days=400)
BATCH = 100


class DynamoRuns:
    """RunStore. Needs dynamodb:PutItem, GetItem, UpdateItem, BatchGetItem, and Query on the index."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def save(self, measurement: Measurement, *, announced: bool = False, settled: bool = True) -> StoredRun:
        """RunStore."""
        run = StoredRun(measurement, announced, settled=settled)
        if self._table.put_new(_item(run)):
            return run
        return self.get(measurement.run_id) or run

    def complete(self, old: Measurement, new: Measurement) -> StoredRun:
        """RunStore. The stored text is compared as a whole, so of two that complete a run at once one is first."""
        unless = "measurement = :old AND settled = :no"
        values = {":old": packed(old), ":new": packed(new), ":no": {"BOOL": False}}
        try:
            return _stored(self._set(old.run_id, "measurement = :new", values, condition=unless))
        except RunNotFound:
            stored = self.get(old.run_id)
            if stored is None:
                raise
            return stored

    def settle(self, run_id: str) -> None:
        """RunStore."""
        self._set(run_id, "settled = :yes", {":yes": {"BOOL": True}})

    def mark_announced(self, run_id: str) -> None:
        """RunStore. Raises RunNotFound when the run is not stored."""
        self._set(run_id, "announced = :yes", {":yes": {"BOOL": True}})

    def mark_confirmed(self, run_id: str, confirmed: bool) -> None:
        """RunStore."""
        self._set(run_id, "confirmed = :value", {":value": {"BOOL": confirmed}})

    def keep_score(self, run_id: str, score: Score) -> None:
        """RunStore."""
        self._set(run_id, "score = :score", {":score": packed(score)})

    def get(self, run_id: str) -> StoredRun | None:
        """RunStore."""
        item = self._table.get(f"RUN#{run_id}", "RUN")
        return _stored(item) if item else None

    def known(self, run_ids: Sequence[str]) -> dict[str, StoredRun]:
        """RunStore. Raises Throttled when the table answers for none of them."""
        remaining = [_key(run_id) for run_id in dict.fromkeys(run_ids)]
        found: dict[str, StoredRun] = {}
        while remaining:
            asked, remaining = remaining[:BATCH], remaining[BATCH:]
            reply = self._batch(asked)
            unread = reply.get("UnprocessedKeys", {}).get(self._table.name, {}).get("Keys", [])
            if len(unread) == len(asked):
                raise Throttled("dynamodb:BatchGetItem: no key was processed")
            runs = map(_stored, reply["Responses"][self._table.name])
            found |= {run.measurement.run_id: run for run in runs}
            remaining += unread
        return found

    def history(self, pipeline: PipelineKey, before: datetime, limit: int) -> list[StoredRun]:
        """RunStore."""
        return [_stored(item) for item in self._table.feed(f"PIPELINE#{pipeline}", limit, sortable(before))]

    def _set(self, run_id: str, update: str, values: Item, condition: str = PRESENT) -> Item:
        """The item as it is then. Raises RunNotFound when the condition does not hold."""
        gone = {"ConditionalCheckFailedException": f"run_id: {run_id} is not in the table"}
        with calling("dynamodb:UpdateItem", gone=gone):
            reply = self._table.client.update_item(
                TableName=self._table.name,
                Key=_key(run_id),
                UpdateExpression=f"SET {update}",
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        item: Item = reply["Attributes"]
        return item

    def _batch(self, keys: list[Item]) -> Json:
        request = {self._table.name: {"Keys": keys, "ConsistentRead": True}}
        with calling("dynamodb:BatchGetItem"):
            reply: Json = self._table.client.batch_get_item(RequestItems=request)
        return reply


def _key(run_id: str) -> Item:
    return key(f"RUN#{run_id}", "RUN")


def _item(run: StoredRun) -> Item:
    measurement = run.measurement
    return _key(measurement.run_id) | {
        "feed_pk": text(f"PIPELINE#{measurement.pipeline}"),
        "feed_sk": text(f"{sortable(measurement.started_at)}#{measurement.run_id}"),
        "measurement": packed(measurement),
        "announced": {"BOOL": run.announced},
        "settled": {"BOOL": run.settled},
        "expires_at": number(int((measurement.started_at + KEPT).timestamp())),
    }


def _stored(item: Item) -> StoredRun:
    """Only runs whose incident was judged have the attribute ``confirmed``; runs stored before there was a
    ``settled`` are."""
    return StoredRun(
        unpacked(Measurement, item["measurement"]),
        announced=item["announced"]["BOOL"],
        confirmed=item.get("confirmed", {"BOOL": False})["BOOL"],
        settled=item.get("settled", {"BOOL": True})["BOOL"],
        score=unpacked(Score, item["score"]) if "score" in item else None,
    )
