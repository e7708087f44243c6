"""Actions: the intents, budgets and brakes that make one incident have one action."""

from datetime import datetime

from selfheal.adapters.calls import Client, Json
from selfheal.adapters.dynamodb.breakers import begin_cool_down, read_brakes, take_attempt
from selfheal.adapters.dynamodb.budgets import MICRODOLLARS, SECONDS, SPENT, counters
from selfheal.adapters.dynamodb.table import ABSENT, Item, Table, key, packed, text, unpacked
from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.brakes import Brakes
from selfheal.domain.errors import ActionRefused, RequestRejected, Throttled
from selfheal.domain.incident import Lineage
from selfheal.domain.limits import Limits
from selfheal.domain.run import PipelineKey
from selfheal.domain.spending import Spent

SK = "ACTION"


class DynamoActions:
    """ActionStore. Needs dynamodb:GetItem, PutItem, UpdateItem."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def intend(self, action: Action, lineage: Lineage, limits: Limits) -> Action:
        """ActionStore. Raises Throttled when another transaction touched the same counters."""
        at, remedy, incident_id = action.intended_at, action.remedy, action.incident_id
        if self._table.transact(
            {"Put": {"Item": _item(action), "ConditionExpression": ABSENT}},
            *({"Update": counter.charge()} for counter in counters(lineage, at, limits)),
            {"Update": begin_cool_down(lineage, incident_id, at, limits)},
            {"Update": take_attempt(lineage, incident_id, remedy, at, limits)},
        ):
            return action
        existing = self.of_incident(incident_id)
        if existing:
            return existing
        pipeline = lineage.pipeline
        spent, brakes = self.spent(lineage, at), self.brakes(pipeline, remedy)
        if reason := limits.objection(str(pipeline), remedy, spent, brakes, at):
            raise ActionRefused(reason)
        raise Throttled("dynamodb:TransactWriteItems: another action was charged to the same budget just now")

    def finish(self, action: Action) -> None:
        """ActionStore. The same again changes nothing; a second, different end raises RequestRejected."""
        writes: list[Json] = [{"Update": _end(action)}]
        if action.new_run_id:
            writes.append({"Put": _started_by(action)})
        if self._table.transact(*writes):
            return
        stored = self.of_incident(action.incident_id)
        if stored is None:
            raise RequestRejected(f"incident {action.incident_id} has no action that was intended")
        if stored.status is ActionStatus.INTENDED:
            raise Throttled("dynamodb:TransactWriteItems: another write of this action was under way")
        if stored != action:
            raise RequestRejected(f"the action of incident {action.incident_id} is {stored.status} already")

    def of_incident(self, incident_id: str) -> Action | None:
        """ActionStore, read consistently."""
        item = self._table.get(f"ACTION#{incident_id}", SK)
        return unpacked(Action, item["action"]) if item else None

    def incident_of_run(self, run_id: str) -> str:
        """ActionStore, read consistently."""
        item = self._table.get(f"RUN#{run_id}", "STARTED_BY")
        return str(item["incident_id"]["S"]) if item else ""

    def spent(self, lineage: Lineage, at: datetime) -> Spent:
        """ActionStore, read consistently."""
        commit, hour, day = (self._table.get(c.pk, c.sk) or {} for c in counters(lineage, at, Limits()))
        return Spent(
            _count(commit, SPENT),
            _count(hour, SPENT),
            _count(day, SPENT),
            build_seconds=_count(day, SECONDS),
            microdollars=_count(day, MICRODOLLARS),
        )

    def brakes(self, pipeline: PipelineKey, remedy: str) -> Brakes:
        """ActionStore, read consistently."""
        return read_brakes(self._table, pipeline, remedy)


def _count(item: Item, name: str) -> int:
    return int(item[name]["N"]) if name in item else 0


def _item(action: Action) -> Item:
    return key(f"ACTION#{action.incident_id}", SK) | {
        "action": packed(action),
        "status": text(action.status),
    }


def _end(action: Action) -> Item:
    return {
        "Key": key(f"ACTION#{action.incident_id}", SK),
        "UpdateExpression": "SET #status = :status, #action = :action",
        "ConditionExpression": "#status = :intended",
        "ExpressionAttributeNames": {"#status": "status", "#action": "action"},
        "ExpressionAttributeValues": {
            ":status": text(action.status),
            ":action": packed(action),
            ":intended": text(ActionStatus.INTENDED),
        },
    }


def _started_by(action: Action) -> Item:
    """A run belongs to one incident: whoever comes second is refused."""
    return {
        "Item": key(f"RUN#{action.new_run_id}", "STARTED_BY") | {"incident_id": text(action.incident_id)},
        "ConditionExpression": f"{ABSENT} OR incident_id = :incident",
        "ExpressionAttributeValues": {":incident": text(action.incident_id)},
    }
