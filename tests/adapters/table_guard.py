"""The table's rights as IAM would judge them: each function's calls are held to its role in the template.

MiniStack does not know ``dynamodb:LeadingKeys`` (it lets such a condition pass), so this is what shows that no function
lacks a partition.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from tests.adapters.conftest import TABLE
from tests.contract.machine import pascal
from tests.contract.transformed import listed, statements

CONTROL = "control"
ARNS = {TABLE: {"Fn::GetAtt": ["Table", "Arn"]}, CONTROL: {"Fn::GetAtt": ["ControlTable", "Arn"]}}
INDEX = {"Fn::Sub": "${Table.Arn}/index/feed"}
WRITES = ("PutItem", "UpdateItem")


@dataclass(frozen=True, slots=True)
class Call:
    """One action on one partition, empty where it names none."""

    action: str
    resource: dict[str, Any]
    partition: str = ""


@dataclass
class TableGuard:
    """Stands before a client; nothing is judged while no ``function`` is running. ``used`` is what was written."""

    function: str = ""
    used: set[tuple[str, str]] = field(default_factory=set)

    def stand_before(self, client: Any) -> Any:
        """The same client."""
        client.meta.events.register("before-parameter-build.dynamodb", self._judge)
        return client

    def _judge(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        for call in calls(model.name, params) if self.function else ():
            role = f"{pascal(self.function)}FunctionRole"
            granted = next((key for key in grants(role, call) if fnmatchcase(call.partition, key)), None)
            if granted is None:
                said = f"{role} may not {call.action} {call.partition or call.resource}"
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": said}}, model.name)
            if call.action in WRITES:
                self.used.add((pascal(self.function), granted))


def calls(operation: str, params: dict[str, Any]) -> Iterator[Call]:
    """What a request asks for, each item of a transaction as the action that it is."""
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for item in params["TransactItems"]:
            for verb, body in item.items():
                yield from calls(f"{verb}Item", body)
    elif operation == "BatchGetItem":
        for table in params["RequestItems"]:
            yield Call(operation, ARNS[table])
    elif "IndexName" in params:
        yield Call(operation, INDEX)
    else:
        key = params.get("Item") or params.get("Key") or {}
        yield Call(operation, ARNS[params["TableName"]], key.get("pk", {}).get("S", ""))


def grants(role: str, call: Call) -> Iterator[str]:
    """The partitions (globs) for which a role may do this."""
    for statement in statements(role):
        if f"dynamodb:{call.action}" in listed(statement["Action"]) and call.resource in listed(
            statement["Resource"]
        ):
            held = statement.get("Condition", {"any": {"dynamodb:LeadingKeys": ["*"]}})
            for condition in held.values():
                yield from condition["dynamodb:LeadingKeys"]
