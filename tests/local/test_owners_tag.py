"""The deployed role of execute_action changes what its owner has tagged, and nothing else, whatever the code does."""

import uuid
from typing import Any

import pytest

from local.clients import client
from local.cloud import LocalCloud
from local.repository import Repository, make_repository
from local.scenario import load
from local.state import CloudState
from tests.local.conftest import ActAs

pytestmark = pytest.mark.local
ROLE = "arn:aws:iam::000000000000:role/delivery"
DENIED = "AccessDeniedException"
TAGGED, UNTAGGED = ({"selfheal": "enabled"}, {"selfheal": "disabled", "team": "shop"})


@pytest.fixture(
    params=[(TAGGED, "allowed"), (UNTAGGED, DENIED), ({}, DENIED)], ids=["tagged", "other", "bare"]
)
def owned(request: pytest.FixtureRequest) -> tuple[dict[str, str], str]:
    """The tags that an owner has set, and what comes of a call."""
    found: tuple[dict[str, str], str] = request.param
    return found


@pytest.fixture(scope="module")
def repository(cloud: LocalCloud) -> Repository:
    return make_repository(load("flaky_test").folder, cloud.home / "repositories" / a_name())


def a_name() -> str:
    return f"owned-{uuid.uuid4().hex[:8]}"


def a_project(state: CloudState, repository: Repository, tags: dict[str, str]) -> str:
    name = a_name()
    client(state, "codebuild").create_project(
        name=name,
        source={"type": "GITHUB", "location": str(repository.path)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=ROLE,
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )
    return name


def an_action(category: str, provider: str, **configuration: str) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": category, "actionTypeId": kind, "configuration": configuration}


def test_a_cache_is_dropped_only_where_the_tag_is(
    state: CloudState, repository: Repository, act_as: ActAs, owned: tuple[dict[str, str], str]
) -> None:
    tags, answer = owned
    project = a_project(state, repository, tags)
    assert act_as("ExecuteAction", "codebuild", "invalidate_project_cache", projectName=project) == answer


def test_a_stage_is_held_only_where_the_tag_is(
    state: CloudState, repository: Repository, act_as: ActAs, owned: tuple[dict[str, str], str]
) -> None:
    tags, answer = owned
    name, project = a_name(), a_project(state, repository, {})
    source = an_action("Source", "CodeCommit", RepositoryName=str(repository.path), BranchName="main")
    build = an_action("Build", "CodeBuild", ProjectName=project)
    client(state, "codepipeline").create_pipeline(
        pipeline={
            "name": name,
            "roleArn": ROLE,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [{"name": "Source", "actions": [source]}, {"name": "Build", "actions": [build]}],
        },
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )
    stage = {"pipelineName": name, "stageName": "Build", "transitionType": "Inbound"}
    hold = act_as("ExecuteAction", "codepipeline", "disable_stage_transition", reason="test", **stage)
    assert (hold, act_as("ExecuteAction", "codepipeline", "enable_stage_transition", **stage)) == (
        answer,
        answer,
    )


def test_something_is_deployed_only_where_the_tag_is(
    state: CloudState, repository: Repository, act_as: ActAs, owned: tuple[dict[str, str], str]
) -> None:
    tags, answer = owned
    codedeploy, names = (
        client(state, "codedeploy"),
        {"applicationName": a_name(), "deploymentGroupName": "live"},
    )
    codedeploy.create_application(applicationName=names["applicationName"])
    written = [{"Key": key, "Value": value} for key, value in tags.items()]
    codedeploy.create_deployment_group(**names, serviceRoleArn=ROLE, tags=written)
    location = {"repository": str(repository.path), "commitId": repository.last}
    revision = {"revisionType": "GitHub", "gitHubLocation": location}
    assert act_as("ExecuteAction", "codedeploy", "create_deployment", revision=revision, **names) == answer


def test_no_runbook_is_started_by_a_stack_that_permits_none(act_as: ActAs) -> None:
    started = act_as("ExecuteAction", "ssm", "start_automation_execution", DocumentName="Selfheal-x")
    assert started.startswith("AccessDenied")


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        ("codebuild", "invalidate_project_cache", {"projectName": "shop"}),
        (
            "codepipeline",
            "enable_stage_transition",
            {"pipelineName": "shop", "stageName": "Build", "transitionType": "Inbound"},
        ),
        ("codedeploy", "stop_deployment", {"deploymentId": "d-000000000"}),
    ],
)
def test_nobody_else_changes_a_pipeline(act_as: ActAs, service: str, method: str, arguments: Any) -> None:
    for function in ("DecideAction", "RequestApproval", "DiagnoseFailure"):
        assert act_as(function, service, method, **arguments) == DENIED
