"""Failures by fingerprint, and by the tests that failed."""

from dataclasses import replace
from datetime import timedelta

from selfheal.adapters.calls import Client, calling
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
from selfheal.domain.errors import RunNotFound
from selfheal.domain.experiment import Label
from selfheal.domain.run import PipelineKey
from selfheal.domain.sighting import Sighting

KEPT = timedelta(days=180)
TESTS = "TESTS"


class DynamoFailures:
    """FailureMemory. Needs dynamodb:PutItem and UpdateItem (remember, label), and Query on the index."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def remember(self, sighting: Sighting) -> None:
        """FailureMemory. A label that was given to the run before is not taken from it."""
        self._update(sighting.run_id, "FAILURE", _attributes(sighting, _feed(sighting)))
        if sighting.tests:
            self._table.put(key(f"RUN#{sighting.run_id}", TESTS) | _attributes(sighting, TESTS))

    def seen(self, pipeline: PipelineKey, fingerprint: str, limit: int) -> list[Sighting]:
        """FailureMemory. Read from the index: a failure of this very moment may be missing."""
        return [_sighting(item) for item in self._table.feed(f"FAILURE#{pipeline}#{fingerprint}", limit)]

    def label(self, run_id: str, label: Label) -> None:
        """FailureMemory."""
        try:
            self._update(run_id, "FAILURE", {"label": text(label)}, ConditionExpression=PRESENT)
        except RunNotFound:
            return

    def with_tests(self, limit: int) -> list[Sighting]:
        """FailureMemory. Read from the index as well; labels are not told here."""
        return [_sighting(item) for item in self._table.feed(TESTS, limit)]

    def _update(self, run_id: str, sk: str, attributes: Item, **condition: str) -> None:
        """Set attributes of an item and leave its others. Raises RunNotFound when a condition does not hold."""
        names = {f"#{name}": name for name in attributes}
        with calling(
            "dynamodb:UpdateItem", gone={"ConditionalCheckFailedException": f"run_id: {run_id} is forgotten"}
        ):
            self._table.client.update_item(
                TableName=self._table.name,
                Key=key(f"RUN#{run_id}", sk),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
                **condition,
            )


def _attributes(sighting: Sighting, feed: str) -> Item:
    return {
        "feed_pk": text(feed),
        "feed_sk": text(f"{sortable(sighting.started_at)}#{sighting.run_id}"),
        "sighting": packed(sighting),
        "expires_at": number(int((sighting.started_at + KEPT).timestamp())),
    }


def _feed(sighting: Sighting) -> str:
    return f"FAILURE#{sighting.pipeline}#{sighting.fingerprint}"


def _sighting(item: Item) -> Sighting:
    """The label is an attribute of its own: the outcome of another attempt sets it."""
    return replace(
        unpacked(Sighting, item["sighting"]), label=Label(item.get("label", {"S": Label.NONE.value})["S"])
    )
