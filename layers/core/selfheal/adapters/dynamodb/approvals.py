"""Approvals: the question in one partition, a person's answer in another, since the table's rights go by partition.

Whoever notices that a question is over may close it; only answer_approval, which has the proof of who somebody is, may
write what a person said.
"""

from selfheal.adapters.calls import Client, Json
from selfheal.adapters.dynamodb.table import ABSENT, Item, Table, key, packed, text, unpacked
from selfheal.domain.approval import Approval, ApprovalStatus
from selfheal.domain.errors import LedgerBroken, Throttled

SK = "APPROVAL"
ANSWER = "ANSWER"
BY_A_PERSON = (ApprovalStatus.APPROVED, ApprovalStatus.REJECTED)


class DynamoApprovals:
    """ApprovalStore. Needs dynamodb:PutItem and GetItem (ask, get), UpdateItem and GetItem (answer), and PutItem as
    well for a person's answer.

    The items have no ``expires_at``: they are part of the record, and DynamoDB must not delete them.
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
        item = self._table.get(f"APPROVAL#{incident_id}", SK)
        if item is None:
            return None
        asked = unpacked(Approval, item["approval"])
        return self._by_a_person(asked) if asked.status in BY_A_PERSON else asked

    def answer(self, approval: Approval) -> Approval:
        """ApprovalStore."""
        writes: list[Json] = [{"Update": _answered(approval)}]
        if approval.status in BY_A_PERSON:
            # First: where a transaction becomes visible item by item, the answer is there before it is claimed.
            writes.insert(0, {"Put": _answer(approval)})
        if self._table.transact(*writes):
            return approval
        stored = self.get(approval.incident_id)
        if stored is None or stored.status is ApprovalStatus.PENDING:
            raise Throttled("dynamodb:TransactWriteItems: another answer to this approval was under way")
        return stored

    def _by_a_person(self, asked: Approval) -> Approval:
        """The question as a person answered it: what the question's own item says of that counts for nothing."""
        where = f"ANSWER#{asked.incident_id}", ANSWER
        item = self._table.get(*where) or self._table.get_settled(*where)
        if item is None:
            raise LedgerBroken(
                f"incident {asked.incident_id}: it is called {asked.status}, and nobody answered"
            )
        return unpacked(Approval, item["approval"])


def _key(incident_id: str) -> Item:
    return key(f"APPROVAL#{incident_id}", SK)


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


def _answer(approval: Approval) -> Item:
    item = key(f"ANSWER#{approval.incident_id}", ANSWER) | {"approval": packed(approval)}
    return {"Item": item, "ConditionExpression": ABSENT}
