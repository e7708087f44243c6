"""Approvals."""

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Item, Table, key, packed, text, unpacked
from selfheal.domain.approval import Approval, ApprovalStatus
from selfheal.domain.errors import Throttled

SK = "APPROVAL"


class DynamoApprovals:
    """ApprovalStore. Needs dynamodb:PutItem and GetItem (ask, get), UpdateItem and GetItem (answer).

    The item has no ``expires_at``: it is part of the record, and DynamoDB must not delete it.
    """

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def ask(self, approval: Approval) -> Approval:
        """ApprovalStore."""
        values = {"approval": packed(approval), "status": text(approval.status)}
        if self._table.put_new(_key(approval.incident_id) | values):
            return approval
        return self.get(approval.incident_id) or approval

    def get(self, incident_id: str) -> Approval | None:
        """ApprovalStore."""
        item = self._table.get(f"INCIDENT#{incident_id}", SK)
        return unpacked(Approval, item["approval"]) if item else None

    def answer(self, approval: Approval) -> Approval:
        """ApprovalStore."""
        if self._table.transact({"Update": _answered(approval)}):
            return approval
        stored = self.get(approval.incident_id)
        if stored is None or stored.status is ApprovalStatus.PENDING:
            raise Throttled("dynamodb:TransactWriteItems: another answer to this approval was under way")
        return stored


def _key(incident_id: str) -> Item:
    return key(f"INCIDENT#{incident_id}", SK)


def _answered(approval: Approval) -> Item:
    return {
        "Key": _key(approval.incident_id),
        "UpdateExpression": "SET #status = :status, approval = :approval",
        "ConditionExpression": "#status = :pending",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":status": text(approval.status),
            ":approval": packed(approval),
            ":pending": text(ApprovalStatus.PENDING),
        },
    }
