from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.stub import Stubber

from selfheal.adapters.history import CodeBuildHistory, CodeDeployHistory, CodePipelineHistory, ServiceHistory

Scripted = Callable[[str], tuple[Any, Stubber]]
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)


def ago(**spans: float) -> datetime:
    return NOW - timedelta(**spans)


def a_build(name: str, start: datetime, end: datetime | None) -> dict[str, Any]:
    status = "SUCCEEDED" if end else "IN_PROGRESS"
    build = {"id": name, "projectName": name.partition(":")[0], "buildStatus": status, "startTime": start}
    return build | ({"endTime": end} if end else {})


def a_page(stubber: Stubber, builds: list[dict[str, Any]], token: str = "", next_token: str = "") -> None:
    ids = [build["id"] for build in builds]
    request = {"sortOrder": "DESCENDING"} | ({"nextToken": token} if token else {})
    stubber.add_response(
        "list_builds", {"ids": ids} | ({"nextToken": next_token} if next_token else {}), request
    )
    stubber.add_response("batch_get_builds", {"builds": builds}, {"ids": ids})


def test_builds_that_ended_since_are_found_however_long_they_ran(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    first = [
        a_build("shop:5", ago(minutes=5), None),
        a_build("api:4", ago(minutes=30), ago(minutes=10)),
        a_build("shop:3", ago(hours=3), ago(hours=2)),
    ]
    second = [
        a_build("slow:2", ago(hours=40), ago(minutes=1)),
        a_build("slow:1", ago(hours=60), ago(hours=59)),
    ]
    third = [a_build("old:1", ago(hours=70), ago(hours=69))]
    a_page(stubber, first, next_token="2")
    a_page(stubber, second, token="2", next_token="3")
    a_page(stubber, third, token="3", next_token="4")
    found = CodeBuildHistory(client).ended_since(SINCE)
    assert [str(ref.key) + " " + ref.run_id for ref in found] == [
        "codebuild:api api:4",
        "codebuild:slow slow:2",
    ]


def test_an_account_without_builds_has_none_that_ended(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    stubber.add_response("list_builds", {})
    assert list(CodeBuildHistory(client).ended_since(SINCE)) == []


def an_execution(name: str, status: str, start: datetime, update: datetime) -> dict[str, Any]:
    return {"pipelineExecutionId": name, "status": status, "startTime": start, "lastUpdateTime": update}


def an_action(stage: str, at: datetime, status: str = "Succeeded") -> dict[str, Any]:
    return {"stageName": stage, "actionName": "do", "startTime": at, "lastUpdateTime": at, "status": status}


def test_every_attempt_of_every_stage_of_an_ended_execution_is_found(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    stubber.add_response("list_pipelines", {"pipelines": [{"name": "shop"}]})
    executions = [
        an_execution("e3", "InProgress", ago(minutes=9), ago(minutes=1)),
        an_execution("e2", "Succeeded", ago(minutes=50), ago(minutes=5)),
        an_execution("e1", "Failed", ago(hours=5), ago(hours=4)),
    ]
    reply = {"pipelineExecutionSummaries": executions}
    stubber.add_response("list_pipeline_executions", reply, {"pipelineName": "shop"})
    actions = [
        an_action("Source", ago(minutes=50)),
        an_action("Build", ago(minutes=40), "Failed"),
        an_action("Build", ago(minutes=20)),
    ]
    request = {"pipelineName": "shop", "filter": {"pipelineExecutionId": "e2"}}
    stubber.add_response("list_action_executions", {"actionExecutionDetails": actions}, request)
    assert [ref.run_id for ref in CodePipelineHistory(client).ended_since(SINCE)] == [
        "shop/Source/e2/1",
        "shop/Build/e2/1",
        "shop/Build/e2/2",
    ]


def test_executions_are_not_read_back_to_the_beginning_of_time(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    stubber.add_response("list_pipelines", {"pipelines": [{"name": "shop"}]})
    old = an_execution("e1", "Failed", ago(days=9), ago(days=9))
    reply = {"pipelineExecutionSummaries": [old], "nextToken": "more"}
    stubber.add_response("list_pipeline_executions", reply)
    assert list(CodePipelineHistory(client).ended_since(SINCE)) == []


def a_deployment(name: str, end: datetime, **changes: Any) -> dict[str, Any]:
    names = {"applicationName": "shop", "deploymentGroupName": "blue", "deploymentId": name}
    return names | {"status": "Succeeded", "completeTime": end} | changes


def test_deployments_are_read_in_the_batches_that_codedeploy_takes(scripted: Scripted) -> None:
    client, stubber = scripted("codedeploy")
    ids = [f"d-{n}" for n in range(30)]
    request = {
        "includeOnlyStatuses": ["Succeeded", "Failed", "Stopped"],
        "createTimeRange": {"start": SINCE - timedelta(hours=109)},
    }
    stubber.add_response("list_deployments", {"deployments": ids}, request)
    for batch in (ids[:25], ids[25:]):
        infos = [a_deployment(name, ago(minutes=1) if name == "d-7" else ago(hours=2)) for name in batch]
        stubber.add_response("batch_get_deployments", {"deploymentsInfo": infos}, {"deploymentIds": batch})
    found = list(CodeDeployHistory(client).ended_since(SINCE))
    assert [(str(ref.key), ref.run_id) for ref in found] == [("codedeploy:shop/blue", "d-7")]


def test_all_services_are_listed_one_after_the_other(scripted: Scripted) -> None:
    codebuild, builds = scripted("codebuild")
    codepipeline, pipelines = scripted("codepipeline")
    codedeploy, deployments = scripted("codedeploy")
    a_page(builds, [a_build("shop:1", ago(minutes=9), ago(minutes=8))])
    pipelines.add_response("list_pipelines", {"pipelines": []})
    deployments.add_response("list_deployments", {"deployments": ["d-1"]})
    infos = [a_deployment("d-1", ago(minutes=1))]
    deployments.add_response("batch_get_deployments", {"deploymentsInfo": infos})
    history = ServiceHistory(codebuild, codepipeline, codedeploy)
    assert [ref.run_id for ref in history.ended_since(SINCE)] == ["shop:1", "d-1"]
