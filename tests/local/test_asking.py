"""The deployed stack asks, and a person answers under an identity that IAM and STS of the local cloud know."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import boto3
import pytest

from local.approver import Approver, local_approver
from local.clients import client
from local.cloud import LocalCloud
from local.developer import Developer
from local.records import Records
from local.state import CloudState
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.errors import ApprovalRefused, RequestRejected
from selfheal.domain.ledger import LedgerKind
from selfheal.steps.answer_approval import Reply, Statement
from selfheal.steps.state import approval_of
from tests.local.asking import Asked, Question, approves, ended
from tests.local.conftest import ActAs
from tests.local.test_heal_loop import project_of
from tests.local.test_hostile_model import listening

pytestmark = pytest.mark.local

AsUser = Callable[..., Approver]


@pytest.fixture
def as_user(state: CloudState) -> AsUser:
    """An IAM user of the local account, with the rights of an approver or without any."""

    def make(name: str, *, may_approve: bool = True) -> Approver:
        iam = client(state, "iam")
        iam.create_user(UserName=name)
        if may_approve:
            iam.attach_user_policy(UserName=name, PolicyArn=state.outputs["ApproverPolicyArn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        session = boto3.Session(
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            region_name=state.region,
        )

        def own(service: str) -> Any:
            return session.client(service, endpoint_url=state.endpoint(service))  # type: ignore[call-overload]

        return replace(local_approver(state), functions=own("lambda"), sts=own("sts"))

    return make


@pytest.fixture(scope="module", autouse=True)
def put_first(unanswered: Question) -> None:
    """It expires while the others are tested (test_silence.py)."""


def test_what_was_asked_and_approved_is_done_once_and_heals(
    state: CloudState, asked: Asked, stored: Records, developer: Developer
) -> None:
    project, run_id, approval = asked("demo-ask")
    assert list(developer.builds_of(project)) == [run_id], "nothing is done before somebody approves"
    with pytest.raises(ApprovalRefused, match="not what is to be approved"):
        local_approver(state).answer(Statement(approval.incident_id, "0" * 64, Reply.APPROVE))
    answer = local_approver(state).answer(approves(approval))
    assert answer.status is ApprovalStatus.APPROVED and answer.by.endswith(":root")
    story = ended(stored, run_id)
    assert (story.decision, story.outcome) == ("ask", "healed")
    assert len(developer.builds_of(project)) == 2
    [approved] = [e for e in story.entries if e.kind is LedgerKind.APPROVED]
    assert approved.data["digest"] == approval.digest and approved.data["by"] == answer.by


def test_a_task_token_is_in_the_table_and_nowhere_else(
    state: CloudState, asked: Asked, stored: Records
) -> None:
    people = listening(state)
    _, run_id, approval = asked("demo-ask")
    table = client(state, "dynamodb")
    items = table.query(
        TableName=state.outputs["TableName"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"WAITER#{approval_of(approval.incident_id)}"}},
    )["Items"]
    [token] = [item["token"]["S"] for item in items]
    said = Statement(approval.incident_id, approval.digest, Reply.REJECT, "only looking")
    local_approver(state).answer(said)
    story = ended(stored, run_id)
    told = texts(state, people)
    [question] = [text for text in told if "May Selfheal do this?" in text]
    assert approval.plan.commit in question and approval.digest[:12] in question
    written = json.dumps([dict(entry.data) for entry in story.entries])
    assert token not in written + json.dumps(told) + logged(state)


def texts(state: CloudState, queue: str) -> list[str]:
    """What people were told."""
    queues, found = client(state, "sqs"), []
    while messages := queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"])["Message"])
            queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def logged(state: CloudState) -> str:
    """Everything that the stack's functions and its machine have logged."""
    logs = client(state, "logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    ours = [name for name in groups if state.stack in name]
    assert ours, "the functions log somewhere"
    pages = (
        page for name in ours for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name)
    )
    return "\n".join(event["message"] for page in pages for event in page["events"])


def test_a_rejection_by_a_user_of_the_account_ends_it(
    state: CloudState, asked: Asked, stored: Records, developer: Developer, as_user: AsUser
) -> None:
    project, run_id, approval = asked("demo-ask")
    with pytest.raises(RequestRejected, match="AccessDenied"):
        as_user("mallory", may_approve=False).answer(approves(approval))
    said = Statement(approval.incident_id, approval.digest, Reply.REJECT, "not on a friday")
    assert as_user("carol").answer(said).by.endswith(":user/carol")
    story = ended(stored, run_id)
    assert story.outcome == "refused"
    [outcome] = [e for e in story.entries if e.kind is LedgerKind.OUTCOME]
    assert "user/carol rejected retry_build: not on a friday" in str(outcome.data["reason"])
    assert list(developer.builds_of(project)) == [run_id]


def test_of_ten_approvals_at_once_one_wins_and_one_build_is_started(
    state: CloudState, asked: Asked, stored: Records, developer: Developer
) -> None:
    project, run_id, approval = asked("demo-ask")
    together = Barrier(10)

    def approve(number: int) -> str:
        approver = local_approver(state)
        together.wait()
        return approver.answer(approves(approval, f"number {number}")).reason

    with ThreadPoolExecutor(10) as pool:
        reasons = list(pool.map(approve, range(10)))
    assert len(set(reasons)) == 1
    assert ended(stored, run_id).outcome == "healed"
    assert len(developer.builds_of(project)) == 2


def test_a_protected_pipeline_wants_somebody_else_than_who_started_the_run(
    state: CloudState, asked: Asked, stored: Records, developer: Developer, as_user: AsUser
) -> None:
    _, run_id, approval = asked("demo-ask-protected")
    assert approval.protected and approval.started_by == "root"
    with pytest.raises(ApprovalRefused, match="somebody else must approve"):
        local_approver(state).answer(approves(approval))
    assert as_user("dave").answer(approves(approval)).status is ApprovalStatus.APPROVED
    assert ended(stored, run_id).outcome == "healed"


def test_who_asks_cannot_act_and_who_measures_cannot_resume(
    developer: Developer, cloud: LocalCloud, act_as: ActAs
) -> None:
    project, _ = project_of("genuine_regression", developer, cloud)
    assert (
        act_as("RequestApproval", "codebuild", "start_build", projectName=project) == "AccessDeniedException"
    )
    assert list(developer.builds_of(project)) == []
    answer = {"taskToken": "t", "output": json.dumps({"status": "approved"})}
    for function in ("IngestRun", "AwaitOutcome", "RequestApproval", "AnswerApproval", "ExecuteAction"):
        assert act_as(function, "stepfunctions", "send_task_success", **answer) == "AccessDeniedException"
