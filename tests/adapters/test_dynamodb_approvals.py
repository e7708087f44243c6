"""Approvals in DynamoDB: one question, one answer, whoever comes at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.dynamodb.approvals import DynamoApprovals
from selfheal.adapters.dynamodb.table import packed
from selfheal.domain.approval import Approval, ApprovalStatus
from selfheal.domain.errors import LedgerBroken, RequestRejected, Throttled
from selfheal.testing.approvals import an_approval
from selfheal.testing.builders import NOON
from tests.adapters.conftest import TABLE, OneAtATime

Scripted = Callable[[str], tuple[Any, Stubber]]
PENDING = an_approval()


def answered(by: str, status: ApprovalStatus = ApprovalStatus.APPROVED) -> Approval:
    return replace(PENDING, status=status, by=by, answered_at=NOON)


def test_the_first_question_stands(dynamodb: Any) -> None:
    approvals = DynamoApprovals(dynamodb, TABLE)
    assert approvals.get(PENDING.incident_id) is None
    assert approvals.ask(PENDING) == PENDING
    assert approvals.ask(replace(PENDING, digest="other")) == PENDING
    assert approvals.get(PENDING.incident_id) == PENDING


def test_the_first_answer_stands_and_nothing_makes_it_expire(dynamodb: Any) -> None:
    approvals = DynamoApprovals(dynamodb, TABLE)
    approvals.ask(PENDING)
    first = answered("ann")
    assert approvals.answer(first) == first
    assert approvals.answer(answered("bob", ApprovalStatus.REJECTED)) == first
    assert approvals.answer(answered("", ApprovalStatus.EXPIRED)) == first
    items = dynamodb.scan(TableName=TABLE)["Items"]
    assert len(items) == 2
    assert not any("expires_at" in item for item in items)


@pytest.mark.parametrize("status", [ApprovalStatus.APPROVED, ApprovalStatus.REJECTED])
def test_a_question_that_calls_itself_answered_is_no_answer(dynamodb: Any, status: ApprovalStatus) -> None:
    """All that a role can do which may close questions and has no proof of anybody's identity."""
    approvals = DynamoApprovals(dynamodb, TABLE)
    approvals.ask(answered("ann", status))
    with pytest.raises(LedgerBroken, match="nobody answered"):
        approvals.get(PENDING.incident_id)


class Halfway:
    """A transaction whose items become visible one after the other: the answer is not to be seen yet by GetItem."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get_item(self, **arguments: Any) -> Any:
        if arguments["Key"]["pk"]["S"].startswith("ANSWER#"):
            return {}
        return self._client.get_item(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_an_answer_that_is_being_written_is_found(dynamodb: Any) -> None:
    """GetItem sees each item of a transaction, not all of them at the same moment."""
    approvals = DynamoApprovals(dynamodb, TABLE)
    approvals.ask(PENDING)
    approvals.answer(first := answered("ann"))
    assert DynamoApprovals(Halfway(dynamodb), TABLE).get(PENDING.incident_id) == first


@pytest.mark.parametrize(
    ("why", "raised"), [("TransactionConflict", Throttled), ("ValidationError", RequestRejected)]
)
def test_while_an_answer_is_being_written_whoever_looks_tries_again(
    scripted: Scripted, why: str, raised: type[Exception]
) -> None:
    client, stubber = scripted("dynamodb")
    item = {"pk": {"S": "APPROVAL#x"}, "sk": {"S": "APPROVAL"}, "approval": packed(answered("ann"))}
    stubber.add_response("get_item", {"Item": item})
    stubber.add_response("get_item", {})
    stubber.add_client_error(
        "transact_get_items",
        "TransactionCanceledException",
        http_status_code=400,
        modeled_fields={"CancellationReasons": [{"Code": why}]},
    )
    with pytest.raises(raised, match="dynamodb:TransactGetItems"):
        DynamoApprovals(client, TABLE).get(PENDING.incident_id)


def test_what_is_written_over_an_answered_question_changes_nothing_of_the_answer(dynamodb: Any) -> None:
    approvals = DynamoApprovals(dynamodb, TABLE)
    approvals.ask(PENDING)
    approvals.answer(rejected := answered("ann", ApprovalStatus.REJECTED))
    [question] = (i for i in dynamodb.scan(TableName=TABLE)["Items"] if i["pk"]["S"].startswith("APPROVAL#"))
    forged = {"approval": packed(answered("ann")), "status": {"S": "approved"}}
    dynamodb.put_item(TableName=TABLE, Item=question | forged)
    assert approvals.get(PENDING.incident_id) == rejected


def test_a_question_that_is_put_anew_is_not_answered_a_second_time(dynamodb: Any) -> None:
    approvals = DynamoApprovals(dynamodb, TABLE)
    approvals.ask(PENDING)
    approvals.answer(rejected := answered("ann", ApprovalStatus.REJECTED))
    [question] = (i for i in dynamodb.scan(TableName=TABLE)["Items"] if i["pk"]["S"].startswith("APPROVAL#"))
    anew = {"approval": packed(PENDING), "status": {"S": "pending"}}
    dynamodb.put_item(TableName=TABLE, Item=question | anew)
    with pytest.raises(Throttled):
        approvals.answer(answered("bob"))
    dynamodb.put_item(TableName=TABLE, Item=question)
    assert approvals.get(PENDING.incident_id) == rejected


def test_a_closed_question_is_not_answered_any_more(dynamodb: Any) -> None:
    approvals = DynamoApprovals(dynamodb, TABLE)
    approvals.ask(PENDING)
    closed = answered("", ApprovalStatus.EXPIRED)
    assert approvals.answer(closed) == closed
    assert approvals.answer(answered("ann")) == closed
    assert approvals.get(PENDING.incident_id) == closed


def test_of_ten_answers_at_once_exactly_one_wins(dynamodb: Any) -> None:
    DynamoApprovals(dynamodb, TABLE).ask(PENDING)
    together, client = Barrier(10), OneAtATime(dynamodb)

    def answer(number: int) -> Approval:
        approvals = DynamoApprovals(client, TABLE)
        together.wait()
        return approvals.answer(answered(f"person {number}"))

    with ThreadPoolExecutor(10) as pool:
        stood = list(pool.map(answer, range(10)))
    assert len({approval.by for approval in stood}) == 1
    assert [stood[number].by == f"person {number}" for number in range(10)].count(True) == 1


def test_an_answer_to_a_question_that_is_not_there_is_tried_again(dynamodb: Any) -> None:
    with pytest.raises(Throttled):
        DynamoApprovals(dynamodb, TABLE).answer(answered("ann"))
