"""Cool-down and circuit breakers: when a pipeline was last acted on, and how a remedy has fared there."""

from datetime import datetime, timedelta

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import ABSENT, Item, Table, key, number, sortable, text
from selfheal.domain.brakes import Brakes
from selfheal.domain.errors import Throttled
from selfheal.domain.incident import Lineage
from selfheal.domain.limits import Limits
from selfheal.domain.run import PipelineKey

ACTED = "ACTED"


class DynamoBreakers:
    """Breakers. Needs dynamodb:GetItem, PutItem, UpdateItem."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def feed(
        self, incident_id: str, pipeline: PipelineKey, remedy: str, *, healed: bool, at: datetime
    ) -> None:
        """Breakers. Raises Throttled when another write was under way."""
        fed = key(f"INCIDENT#{incident_id}", "BREAKER") | {"at": text(sortable(at))}
        if self._table.transact(
            {"Put": {"Item": fed, "ConditionExpression": ABSENT}},
            {"Update": _closed(pipeline, remedy) if healed else _failed(pipeline, remedy, at)},
        ):
            return
        if not self._table.get(f"INCIDENT#{incident_id}", "BREAKER"):
            raise Throttled("dynamodb:TransactWriteItems: another outcome fed the same breaker just now")


def read_brakes(table: Table, pipeline: PipelineKey, remedy: str) -> Brakes:
    """What is remembered, read consistently."""
    acted = table.get(f"PIPELINE#{pipeline}", ACTED)
    breaker = table.get(f"BREAKER#{pipeline}", remedy) or {}
    return Brakes(
        acted_at=_moment(acted, "acted_at"),
        failures=int(breaker["failures"]["N"]) if "failures" in breaker else 0,
        tried_at=_moment(breaker, "tried_at"),
        tried_for=breaker["tried_for"]["S"] if "tried_for" in breaker else "",
    )


def begin_cool_down(lineage: Lineage, incident_id: str, at: datetime, limits: Limits) -> Item:
    """The Update that notes an action on a pipeline, on the condition that the last one was long enough ago."""
    update: Item = {
        "Key": key(f"PIPELINE#{lineage.pipeline}", ACTED),
        "UpdateExpression": "SET acted_at = :at, acted_for = :incident",
        "ExpressionAttributeValues": {":at": text(sortable(at)), ":incident": text(incident_id)},
    }
    if limits.cool_down_seconds:
        earliest = at - timedelta(seconds=limits.cool_down_seconds)
        update["ConditionExpression"] = "attribute_not_exists(acted_at) OR acted_at <= :earliest"
        update["ExpressionAttributeValues"][":earliest"] = text(sortable(earliest))
    return update


def take_attempt(lineage: Lineage, incident_id: str, remedy: str, at: datetime, limits: Limits) -> Item:
    """The Update that notes an attempt of a remedy, on the condition that the breaker lets one through: noting it
    keeps the next one out while the breaker is half open."""
    earliest = at - timedelta(seconds=limits.breaker.half_open_seconds)
    return {
        "Key": key(f"BREAKER#{lineage.pipeline}", remedy),
        "UpdateExpression": "SET tried_at = :at, tried_for = :incident",
        "ConditionExpression": "attribute_not_exists(failures) OR failures < :failures OR tried_at <= :earliest",
        "ExpressionAttributeValues": {
            ":at": text(sortable(at)),
            ":incident": text(incident_id),
            ":failures": number(limits.breaker.failures),
            ":earliest": text(sortable(earliest)),
        },
    }


def _failed(pipeline: PipelineKey, remedy: str, at: datetime) -> Item:
    return {
        "Key": key(f"BREAKER#{pipeline}", remedy),
        "UpdateExpression": "ADD failures :one SET tried_at = :at REMOVE tried_for",
        "ExpressionAttributeValues": {":one": number(1), ":at": text(sortable(at))},
    }


def _closed(pipeline: PipelineKey, remedy: str) -> Item:
    return {
        "Key": key(f"BREAKER#{pipeline}", remedy),
        "UpdateExpression": "SET failures = :none",
        "ExpressionAttributeValues": {":none": number(0)},
    }


def _moment(item: Item | None, name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]["S"]) if item and name in item else None
