"""The deployed stack: real events, queues, functions, rights and builds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest

from local.clients import client
from local.cloud import LocalCloud
from local.demo import run_demo
from local.developer import Developer
from local.records import Records
from local.repository import Repository, make_repository
from local.result import Result
from local.scenario import load
from local.state import CloudState
from local.story import Story
from selfheal.domain.incident import incident_id
from tests.local.conftest import ActAs
from tests.local.waits import waiting

pytestmark = pytest.mark.local


@contextmanager
def events(state: CloudState, order: bool | str, subject: str | None = None) -> Iterator[None]:
    """Lose or double the simulator's events while the context lasts."""
    for wanted in (order, False):
        body = json.dumps({"drop": wanted, **({"subject": subject} if subject else {})}).encode()
        urlopen(Request(f"{state.devtools_url}/_devtools/events", data=body, method="POST")).close()
        if wanted == order:
            yield


def events_sent(state: CloudState) -> int:
    return int(json.load(urlopen(f"{state.devtools_url}/_devtools/events"))["sent"])


def play(state: CloudState, cloud: LocalCloud, name: str) -> Result:
    (result,) = run_demo(state, cloud.home, [load(name)], lambda update: None)
    return result


def project_of(name: str, developer: Developer, cloud: LocalCloud) -> tuple[str, Repository]:
    """A project with the scenario's repository."""
    scenario = load(name)
    project = developer.free_name(scenario.project)
    repository = make_repository(scenario.folder, cloud.home / "repositories" / project)
    developer.create_project(project, repository.path, {}, cache=False)
    return project, repository


def story_of(stored: Records, run_id: str) -> Story:
    def over() -> Story | None:
        found = Story(stored.ledger.entries(incident_id(run_id)))
        return found if found.over else None

    return waiting().until(f"the end of the incident of {run_id}", over)


def test_a_genuine_regression_is_told_and_left_alone(state: CloudState, cloud: LocalCloud) -> None:
    result = play(state, cloud, "genuine_regression")
    assert result.differences == []


def test_doubled_events_lead_to_one_action_that_heals(state: CloudState, cloud: LocalCloud) -> None:
    before = events_sent(state)
    with events(state, "duplicate"):
        result = play(state, cloud, "flaky_test")
    assert result.differences == []
    assert result.counts.builds == 2
    assert events_sent(state) - before >= 2 * result.counts.builds


def test_a_run_whose_event_was_lost_is_found_by_reconciliation(
    state: CloudState, cloud: LocalCloud, stored: Records, developer: Developer
) -> None:
    project, repository = project_of("genuine_regression", developer, cloud)
    with events(state, True, project):
        run_id = developer.wait(developer.build(project, repository.last), waiting()).id
    assert stored.ledger.entries(incident_id(run_id)) == []
    function = state.outputs["ReconcileRunsFunctionName"]
    reply = client(state, "lambda").invoke(FunctionName=function, Payload=b"{}")
    assert run_id in json.loads(reply["Payload"].read())["queued"]
    assert story_of(stored, run_id).outcome == "notified"


def test_the_model_s_step_cannot_touch_a_pipeline(
    state: CloudState, cloud: LocalCloud, developer: Developer, act_as: ActAs
) -> None:
    project, _ = project_of("genuine_regression", developer, cloud)
    started = act_as("SuggestRemedy", "codebuild", "start_build", projectName=project)
    assert started == "AccessDeniedException"
    assert list(developer.builds_of(project)) == []


def test_the_model_s_step_can_count_tokens_and_reach_no_record(state: CloudState, act_as: ActAs) -> None:
    record = {"pk": {"S": "INCIDENT#1"}, "sk": {"S": "ENTRY#decided"}}
    budget, table = state.outputs["ModelBudgetTableName"], state.outputs["TableName"]
    assert act_as("SuggestRemedy", "dynamodb", "update_item", TableName=budget, Key=record) == "allowed"
    for method, arguments in (
        ("update_item", {"TableName": table, "Key": record}),
        ("put_item", {"TableName": table, "Item": record}),
        ("get_item", {"TableName": table, "Key": record}),
        ("get_item", {"TableName": budget, "Key": record}),
        ("delete_item", {"TableName": budget, "Key": record}),
    ):
        assert act_as("SuggestRemedy", "dynamodb", method, **arguments) == "AccessDeniedException"


def test_the_executor_can_build_but_not_run_other_code(
    cloud: LocalCloud, stored: Records, developer: Developer, act_as: ActAs
) -> None:
    project, repository = project_of("genuine_regression", developer, cloud)
    other_code = "version: 0.2\nphases: {build: {commands: [id]}}"
    commit = repository.first
    refused = act_as(
        "ExecuteAction",
        "codebuild",
        "start_build",
        projectName=project,
        sourceVersion=commit,
        buildspecOverride=other_code,
    )
    assert refused == "AccessDeniedException"
    assert list(developer.builds_of(project)) == []
    assert (
        act_as("ExecuteAction", "codebuild", "start_build", projectName=project, sourceVersion=commit)
        == "allowed"
    )
    assert act_as("ExecuteAction", "codebuild", "delete_project", name=project) == "AccessDeniedException"
    (run_id,) = developer.builds_of(project)
    waiting().until("the measurement of the build", lambda: stored.runs.get(run_id))


def test_a_malformed_message_ends_in_the_dead_letter_queue(state: CloudState) -> None:
    """With a shorter visibility time-out, or its four deliveries would take half an hour.

    A good message that a slow machine is still at work on may get there as well then.
    """
    queues, queue = client(state, "sqs"), state.outputs["IntakeQueueUrl"]
    usual = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    queues.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    try:
        body = json.dumps({"detail-type": "Nonsense", "detail": {}})
        queues.send_message(QueueUrl=queue, MessageBody=body)
        dead = state.outputs["IntakeDeadLetterQueueUrl"]

        def given_up() -> bool | None:
            found = queues.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", [])
            return body in [message["Body"] for message in found] or None

        assert waiting().until("the message", given_up)
    finally:
        queues.set_queue_attributes(QueueUrl=queue, Attributes=usual)
