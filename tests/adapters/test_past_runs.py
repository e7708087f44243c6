"""The past: whole runs, of everything or of what is named, at a bearable pace."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from selfheal.adapters.pace import Pace
from selfheal.adapters.past_runs import ServicePast
from selfheal.adapters.session import Clients, Patience
from selfheal.domain.errors import RunNotFound
from selfheal.domain.run import PipelineKey, RunStatus
from tests.adapters.test_history import (
    NOW,
    SINCE,
    a_build,
    a_deployment,
    a_page,
    ago,
    an_action,
    an_execution,
)

Scripted = Callable[[str], tuple[Any, Stubber]]
UNTIL = NOW - timedelta(minutes=10)


class Services:
    def __init__(self, scripted: Scripted) -> None:
        self.codebuild, self.builds = scripted("codebuild")
        self.codepipeline, self.pipelines = scripted("codepipeline")
        self.codedeploy, self.deployments = scripted("codedeploy")

    def past(self, *only: str) -> list[Any]:
        keys = [PipelineKey.parse(name) for name in only]
        past = ServicePast(self.codebuild, self.codepipeline, self.codedeploy, keys)
        return list(past.ended_between(SINCE, UNTIL))

    def add_execution(self, name: str = "e1") -> None:
        self.pipelines.add_response(
            "list_pipeline_executions",
            {"pipelineExecutionSummaries": [an_execution(name, "Failed", ago(minutes=50), ago(minutes=20))]},
            {"pipelineName": "shop"},
        )
        actions = [an_action("Source", ago(minutes=50)), an_action("Build", ago(minutes=20), "Failed")]
        self.pipelines.add_response("list_action_executions", {"actionExecutionDetails": actions})
        whole = {"pipelineName": "shop", "pipelineExecutionId": name, "trigger": {"triggerType": "Webhook"}}
        request = {"pipelineName": "shop", "pipelineExecutionId": name}
        self.pipelines.add_response("get_pipeline_execution", {"pipelineExecution": whole}, request)


@pytest.fixture
def services(scripted: Scripted) -> Services:
    return Services(scripted)


def test_without_a_choice_all_runs_of_all_services_are_read_whole(services: Services) -> None:
    a_page(services.builds, [a_build("shop:1", ago(minutes=30), ago(minutes=20))])
    services.pipelines.add_response("list_pipelines", {"pipelines": [{"name": "shop"}]})
    services.add_execution()
    services.deployments.add_response("list_deployments", {"deployments": ["d-1"]})
    info = a_deployment("d-1", ago(minutes=15), createTime=ago(minutes=16), creator="user")
    services.deployments.add_response("batch_get_deployments", {"deploymentsInfo": [info]})
    found = services.past()
    assert [(run.ref.run_id, run.status) for run in found] == [
        ("shop:1", RunStatus.SUCCEEDED),
        ("shop/Source/e1/1", RunStatus.SUCCEEDED),
        ("shop/Build/e1/1", RunStatus.FAILED),
        ("d-1", RunStatus.SUCCEEDED),
    ]
    assert [run.duration_seconds for run in found] == [600.0, 0.0, 0.0, 60.0]
    assert [run.initiator for run in found] == ["", "Webhook", "Webhook", "user"]


def test_what_ended_too_lately_is_left_to_the_deployed_stack(services: Services) -> None:
    builds = [
        a_build("shop:2", ago(minutes=12), ago(minutes=9)),
        a_build("shop:1", ago(minutes=30), ago(minutes=11)),
    ]
    ids = {"ids": [build["id"] for build in builds]}
    request = {"projectName": "shop", "sortOrder": "DESCENDING"}
    services.builds.add_response("list_builds_for_project", ids, request)
    services.builds.add_response("batch_get_builds", {"builds": builds}, ids)
    assert [run.ref.run_id for run in services.past("codebuild:shop")] == ["shop:1"]


def test_of_a_named_stage_only_that_stage_is_read(services: Services) -> None:
    services.add_execution()
    assert [run.ref.run_id for run in services.past("codepipeline:shop/Build")] == ["shop/Build/e1/1"]


def test_an_execution_that_expired_since_it_was_listed_ends_nothing(services: Services) -> None:
    listed = [an_execution(name, "Failed", ago(minutes=50), ago(minutes=20)) for name in ("e0", "e1")]
    services.pipelines.add_response("list_pipeline_executions", {"pipelineExecutionSummaries": listed})
    services.pipelines.add_client_error("list_action_executions", "PipelineExecutionNotFoundException")
    actions = [an_action("Build", ago(minutes=20))]
    services.pipelines.add_response("list_action_executions", {"actionExecutionDetails": actions})
    services.pipelines.add_response("get_pipeline_execution", {"pipelineExecution": {}})
    assert [run.ref.run_id for run in services.past("codepipeline:shop/Build")] == ["shop/Build/e1/1"]


def test_of_a_named_group_only_that_group_is_asked_for(services: Services) -> None:
    request = {
        "includeOnlyStatuses": ["Succeeded", "Failed", "Stopped"],
        "createTimeRange": {"start": SINCE - timedelta(hours=109)},
        "applicationName": "shop",
        "deploymentGroupName": "blue",
    }
    services.deployments.add_response("list_deployments", {"deployments": []}, request)
    assert services.past("codedeploy:shop/blue") == []


@pytest.mark.parametrize(
    ("name", "service", "method", "code"),
    [
        ("codebuild:nope", "builds", "list_builds_for_project", "ResourceNotFoundException"),
        ("codepipeline:nope/Build", "pipelines", "list_pipeline_executions", "PipelineNotFoundException"),
        ("codedeploy:nope/blue", "deployments", "list_deployments", "ApplicationDoesNotExistException"),
    ],
)
def test_a_pipeline_that_does_not_exist_is_named(
    services: Services, name: str, service: str, method: str, code: str
) -> None:
    getattr(services, service).add_client_error(method, code)
    with pytest.raises(RunNotFound, match="knows no such"):
        services.past(name)


def test_calls_wait_their_turn_and_none_waits_longer_than_it_must() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    client = Pace(4, now=lambda: now[0], sleep=sleep).keep(boto3.client("codepipeline"))
    for _ in range(3):
        client.list_pipelines()
    now[0] += 10
    client.list_pipelines()
    client.list_pipelines()
    assert slept == [0.25, 0.25, 0.25]


def test_long_work_slows_down_when_a_service_asks_for_it() -> None:
    assert Clients(Patience(adaptive=True))("codebuild").meta.config.retries["mode"] == "adaptive"
    assert Clients()("codebuild").meta.config.retries["mode"] == "standard"
