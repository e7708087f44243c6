"""What all stores share: how items are keyed, read and written."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, Json, calling, error_code, pages
from selfheal.domain.errors import Throttled
from selfheal.wire import decode, encode

Item = dict[str, Any]
T = TypeVar("T")
FEED = "feed"
ABSENT = "attribute_not_exists(pk)"
PRESENT = "attribute_exists(pk)"


def key(pk: str, sk: str) -> Item:
    """A primary key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def text(value: str) -> Item:
    """A string attribute."""
    return {"S": value}


def number(value: int) -> Item:
    """A number attribute."""
    return {"N": str(value)}


def packed(value: object) -> Item:
    """A domain object as JSON text: its floats come back exactly as they were."""
    return text(json.dumps(encode(value), separators=(",", ":")))


def unpacked(kind: type[T], attribute: Mapping[str, str]) -> T:
    """Inverse of ``packed``."""
    return decode(kind, json.loads(attribute["S"]))


def sortable(moment: datetime) -> str:
    """A moment as text of fixed width, so that the order of the texts is the order of the moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Table:
    """Reads and writes items of one table, by consistent reads unless it is the feed."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name

    def get(self, pk: str, sk: str) -> Item | None:
        """One item; None when there is none."""
        with calling("dynamodb:GetItem"):
            reply = self.client.get_item(TableName=self.name, Key=key(pk, sk), ConsistentRead=True)
        item: Item | None = reply.get("Item")
        return item

    def get_settled(self, pk: str, sk: str) -> Item | None:
        """One item, after every transaction on it that is under way: GetItem may see another item of the same
        transaction before it sees this one. Raises Throttled while there is one."""
        wanted = {"Get": {"TableName": self.name, "Key": key(pk, sk)}}
        with calling("dynamodb:TransactGetItems"):
            try:
                reply = self.client.transact_get_items(TransactItems=[wanted])
            except ClientError as error:
                if error_code(error) == "TransactionCanceledException" and _passing(error):
                    raise Throttled("dynamodb:TransactGetItems: another write was under way") from None
                raise
        item: Item | None = reply["Responses"][0].get("Item")
        return item

    def put(self, item: Item) -> None:
        """Write an item, whether it was there or not."""
        with calling("dynamodb:PutItem"):
            self.client.put_item(TableName=self.name, Item=item)

    def put_new(self, item: Item) -> bool:
        """Write an item unless there is one of its key; True when it was written."""
        return self._put_if(item, ConditionExpression=ABSENT)

    def put_unless_later(self, item: Item, attribute: str, moment: Item, *, again: bool) -> bool:
        """Write an item unless one of its key has a later ``attribute`` than ``moment`` (the same one: if ``again``);
        True when it was written."""
        earlier = f"{attribute} {'<=' if again else '<'} :moment"
        return self._put_if(
            item,
            ConditionExpression=f"{ABSENT} OR {earlier}",
            ExpressionAttributeValues={":moment": moment},
        )

    def _put_if(self, item: Item, **condition: Any) -> bool:
        with calling("dynamodb:PutItem"):
            try:
                self.client.put_item(TableName=self.name, Item=item, **condition)
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def transact(self, *writes: Json) -> bool:
        """All writes or none; False when it was none because a condition failed or another transaction ran.

        The caller reads what is there to find out which. Each write is {"Put" | "Update": arguments}
        without the table's name.
        """
        named = [{verb: {**body, "TableName": self.name} for verb, body in write.items()} for write in writes]
        with calling("dynamodb:TransactWriteItems"):
            try:
                self.client.transact_write_items(TransactItems=named)
            except ClientError as error:
                if error_code(error) == "TransactionCanceledException" and _passing(error):
                    return False
                raise
        return True

    def query(self, pk: str, sk_prefix: str = "") -> Iterator[Item]:
        """All items of a partition whose sort key begins so, in key order."""
        yield from self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)" if sk_prefix else "pk = :pk",
            ExpressionAttributeValues={":pk": text(pk), **({":sk": text(sk_prefix)} if sk_prefix else {})},
            ConsistentRead=True,
        )

    def newest(self, pk: str, sk_prefix: str, limit: int) -> Iterator[Item]:
        """The last items of a partition whose sort key begins so, in reverse key order."""
        yield from self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": text(pk), ":sk": text(sk_prefix)},
            ConsistentRead=True,
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": limit, "PageSize": limit},
        )

    def feed(self, feed_pk: str, limit: int | None = None, before: str = "") -> Iterator[Item]:
        """Items of a feed, newest first (those before ``before``), from the index: it may lag a moment."""
        values = {":pk": text(feed_pk), **({":before": text(before)} if before else {})}
        yield from self._query(
            IndexName=FEED,
            KeyConditionExpression="feed_pk = :pk AND feed_sk < :before" if before else "feed_pk = :pk",
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": limit, "PageSize": limit},
        )

    def _query(self, **arguments: Any) -> Iterator[Item]:
        for page in pages(self.client, "query", "dynamodb:Query", TableName=self.name, **arguments):
            yield from page["Items"]


_PASSING = frozenset(
    {
        "None",
        "ConditionalCheckFailed",
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    }
)


def _passing(error: ClientError) -> bool:
    """Whether it was cancelled for what the table holds or does now, and not for what was asked."""
    reasons: list[Json] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
    return all(reason.get("Code", "None") in _PASSING for reason in reasons)
