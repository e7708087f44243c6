"""Pipelines and deployments: real builds and real hook scripts, stage after stage."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selfheal.adapters.codebuild import CodeBuildReader
from selfheal.domain.run import PipelineKey, RunRef
from selfheal.steps.behind import Behind, behind
from tests.local.devtools.test_remedies_on_the_simulator import tools

Json = dict[str, Any]
FILES = {
    "buildspec.yml": "version: 0.2\nphases: {build: {commands: ['sh build.sh']}}\n",
    "build.sh": "exit 0\n",
    "appspec.yml": "version: 0.0\nos: linux\nhooks: {ValidateService: [{location: check.sh, timeout: 300}]}\n",
    "check.sh": "#!/bin/sh\necho checked $DEPLOYMENT_GROUP_NAME\nexit 0\n",
}


def action(name: str, category: str, provider: str, **configuration: str) -> Json:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": configuration}


@pytest.fixture
def group(cloud: Any) -> tuple[str, str]:
    """A CodeDeploy application and deployment group."""
    codedeploy, name = cloud.client("codedeploy"), f"web-{uuid.uuid4().hex[:8]}"
    codedeploy.create_application(applicationName=name)
    role = "arn:aws:iam::000000000000:role/deployer"
    codedeploy.create_deployment_group(applicationName=name, deploymentGroupName="live", serviceRoleArn=role)
    return name, "live"


@pytest.fixture
def run_pipeline(cloud: Any, project: Any, group: tuple[str, str], wait_for: Any) -> Any:
    """Creates a pipeline of source, build and deployment, runs it once and returns its name and execution."""

    def run(repository: Path) -> tuple[str, Json]:
        codepipeline, name = cloud.client("codepipeline"), f"release-{uuid.uuid4().hex[:8]}"
        source = {"FullRepositoryId": str(repository), "BranchName": "main"}
        deployment = {"ApplicationName": group[0], "DeploymentGroupName": group[1]}
        built = project(repository, source={"type": "CODEPIPELINE"})
        stages = [
            ("Source", action("Checkout", "Source", "CodeStarSourceConnection", **source)),
            ("Build", action("Compile", "Build", "CodeBuild", ProjectName=built)),
            ("Deploy", action("Release", "Deploy", "CodeDeploy", **deployment)),
        ]
        codepipeline.create_pipeline(
            pipeline={
                "name": name,
                "roleArn": "arn:aws:iam::000000000000:role/pipeline",
                "artifactStore": {"type": "S3", "location": "artifacts"},
                "stages": [{"name": stage, "actions": [each]} for stage, each in stages],
            }
        )
        started = codepipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]

        def ended() -> Json | None:
            reply = codepipeline.get_pipeline_execution(pipelineName=name, pipelineExecutionId=started)
            execution = reply["pipelineExecution"]
            return execution if execution["status"] != "InProgress" else None

        return name, wait_for(ended)

    return run


def test_a_pipeline_builds_and_deploys_a_commit(
    cloud: Any, make_repository: Any, commit: Any, run_pipeline: Any
) -> None:
    repository = make_repository(FILES)
    head = commit(repository, {"README": "x"})
    name, execution = run_pipeline(repository)
    assert execution["status"] == "Succeeded"
    assert [revision["revisionId"] for revision in execution["artifactRevisions"]] == [head]
    details = cloud.client("codepipeline").list_action_executions(pipelineName=name)["actionExecutionDetails"]
    assert [(item["stageName"], item["status"]) for item in details] == [
        ("Deploy", "Succeeded"),
        ("Build", "Succeeded"),
        ("Source", "Succeeded"),
    ]
    told = details[2]["output"]["outputVariables"]
    assert (told["CommitId"], told["AuthorEmail"]) == (head, "tester@example.com")
    assert told["AuthorDisplayName"] == "Tester" and "AuthorId" not in told
    build_id = details[1]["output"]["executionResult"]["externalExecutionId"]
    build = cloud.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]
    assert build["initiator"] == f"codepipeline/{name}"
    assert build["resolvedSourceVersion"] == head
    run = CodeBuildReader(cloud.client("codebuild")).read(
        RunRef(PipelineKey.parse(f"codebuild:{build['projectName']}"), build_id)
    )
    assert behind(run, tools(cloud)) == Behind(
        execution["trigger"]["triggerDetail"], ("tester@example.com", "Tester")
    )
    assert execution["trigger"]["triggerDetail"].startswith("arn:aws:")
    with pytest.raises(ClientError, match="started by a pipeline"):
        cloud.client("codebuild").retry_build(id=build_id)


def test_a_failed_build_ends_the_pipeline_with_its_reason(
    cloud: Any, make_repository: Any, run_pipeline: Any, receive: Any, wait_for: Any
) -> None:
    levels = ("Action", "Stage", "Pipeline")
    readers = {
        level: receive(f"CodePipeline {level} Execution State Change", "sim.codepipeline") for level in levels
    }
    name, execution = run_pipeline(make_repository(FILES | {"build.sh": "exit 4\n"}))
    assert execution["status"] == "Failed"
    states = cloud.client("codepipeline").get_pipeline_state(name=name)["stageStates"]
    latest = {state["stageName"]: state.get("latestExecution", {}).get("status") for state in states}
    assert latest == {"Source": "Succeeded", "Build": "Failed", "Deploy": None}
    error = states[1]["actionStates"][0]["latestExecution"]["errorDetails"]
    assert error["code"] == "JobFailed"
    assert "Build terminated with state: FAILED" in error["message"]
    assert "exit status 4" in error["message"]
    wait_for(lambda: cloud.control()["pending"] == 0)
    # Of the executions of earlier tests the last events may have come just now.
    told = {
        level: [event["detail"] for event in read() if event["detail"]["pipeline"] == name]
        for level, read in readers.items()
    }
    for detail in (item for details in told.values() for item in details):
        assert detail["execution-id"] == execution["pipelineExecutionId"]
    assert [(item["stage"], item["state"]) for item in told["Stage"]] == [
        ("Source", "STARTED"),
        ("Source", "SUCCEEDED"),
        ("Build", "STARTED"),
        ("Build", "FAILED"),
    ]
    assert [item["state"] for item in told["Pipeline"]] == ["STARTED", "FAILED"]
    failed = told["Action"][-1]
    assert (failed["action"], failed["state"], failed["type"]["provider"]) == (
        "Compile",
        "FAILED",
        "CodeBuild",
    )
    assert failed["execution-result"]["error-code"] == "JobFailed"
    assert failed["execution-result"]["external-execution-id"].startswith("shop-")


def test_a_failed_hook_fails_the_deployment(
    cloud: Any, make_repository: Any, group: tuple[str, str], receive: Any, wait_for: Any
) -> None:
    read = receive("CodeDeploy Deployment State-change Notification", "sim.codedeploy")
    codedeploy = cloud.client("codedeploy")
    repository = make_repository(FILES | {"check.sh": "#!/bin/sh\necho no answer on port 8080\nexit 7\n"})
    started = codedeploy.create_deployment(
        applicationName=group[0],
        deploymentGroupName=group[1],
        revision={"revisionType": "GitHub", "gitHubLocation": {"repository": str(repository)}},
    )["deploymentId"]

    def ended() -> Json | None:
        info = codedeploy.get_deployment(deploymentId=started)["deploymentInfo"]
        return info if "completeTime" in info else None

    info = wait_for(ended)
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert "exit code 7: no answer on port 8080" in info["errorInformation"]["message"]
    targets = codedeploy.list_deployment_targets(deploymentId=started)["targetIds"]
    reply = codedeploy.batch_get_deployment_targets(deploymentId=started, targetIds=targets)
    [step] = reply["deploymentTargets"][0]["instanceTarget"]["lifecycleEvents"]
    assert step["status"] == "Failed" and step["startTime"] <= step["endTime"]
    listed = codedeploy.list_deployments(applicationName=group[0], includeOnlyStatuses=["Failed"])
    assert listed["deployments"] == [started]
    wait_for(lambda: cloud.control()["pending"] == 0)
    events = [event for event in read() if event["detail"]["application"] == group[0]]
    assert [event["detail"]["state"] for event in events] == ["START", "FAILURE"]
    assert events[-1]["detail"]["deploymentId"] == started
    assert events[-1]["resources"][1].endswith(f":deploymentgroup:{group[0]}/{group[1]}")


def test_a_pipeline_that_cannot_run_is_refused(cloud: Any, make_repository: Any) -> None:
    source = {"FullRepositoryId": str(make_repository(FILES)), "BranchName": "main"}
    declaration = {
        "name": "release-by-hand",
        "roleArn": "arn:aws:iam::000000000000:role/pipeline",
        "stages": [
            {
                "name": "Source",
                "actions": [action("Checkout", "Source", "CodeStarSourceConnection", **source)],
            },
            {"name": "Ask", "actions": [action("Sign", "Approval", "Manual")]},
        ],
    }
    codepipeline = cloud.client("codepipeline")
    with pytest.raises(codepipeline.exceptions.InvalidActionDeclarationException, match="action Sign"):
        codepipeline.create_pipeline(pipeline=declaration)
