"""Remedies with their real adapters against the simulated services: what they do there really happens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfheal.adapters.automation import AutomationRunbooks
from selfheal.adapters.build_actions import CodeBuildBuilds
from selfheal.adapters.codebuild import CodeBuildReader
from selfheal.adapters.codedeploy import CodeDeployReader
from selfheal.adapters.codepipeline import CodePipelineReader
from selfheal.adapters.deployment_actions import CodeDeployDeployments
from selfheal.adapters.stage_actions import CodePipelineStages
from selfheal.domain.run import PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.remedies.registry import remedy_module, undo_of
from selfheal.remedy_ports import Case, Tools
from selfheal.steps.execute_action import token_of

TAG = {"key": "selfheal", "value": "enabled"}
INCIDENT = "0123456789abcdef"
ROLE = "arn:aws:iam::000000000000:role/delivery"
CHECK = 'version: 0.2\nphases: {build: {commands: ["test -f ok.txt"]}}\n'
SCRIPTS = {
    "start.sh": "#!/bin/sh\nexit 0\n",
    "appspec.yml": "version: 0.0\nos: linux\nhooks:\n  ApplicationStart: [{location: start.sh, timeout: 600}]\n",
}
DOCUMENT = """
schemaVersion: "0.3"
parameters:
  Incident: {type: String}
  Pipeline: {type: String}
  Run: {type: String}
  Commit: {type: String, default: ""}
  Cause: {type: String}
mainSteps:
  - name: look
    action: aws:executeScript
    inputs:
      Runtime: python3.11
      Handler: look
      InputPayload: {run: "{{ Run }}"}
      Script: |
        def look(events, context):
            return {"looked": events["run"]}
"""


class Delivery:
    """A pipeline ``Source -> Check`` of a real repository, whose check passes while ``ok.txt`` is committed."""

    def __init__(self, cloud: Any, repository: Path, project: str, tags: list[dict[str, str]]) -> None:
        self.cloud, self.project, self.name = cloud, project, f"shop-{uuid.uuid4().hex[:8]}"
        self.client = cloud.client("codepipeline")
        source = action("Source", "CodeCommit", RepositoryName=str(repository), BranchName="main")
        stages = [stage("Source", source), stage("Check", action("Build", "CodeBuild", ProjectName=project))]
        declared = {"name": self.name, "roleArn": ROLE, "pipelineType": "V2", "stages": stages}
        store = {"type": "S3", "location": "artifacts"}
        self.client.create_pipeline(pipeline=declared | {"artifactStore": store}, tags=tags)

    def begin(self) -> str:
        return str(self.client.start_pipeline_execution(name=self.name)["pipelineExecutionId"])

    def status(self, execution: str) -> str:
        reply = self.client.get_pipeline_execution(pipelineName=self.name, pipelineExecutionId=execution)
        status = str(reply["pipelineExecution"]["status"])
        return "" if status == "InProgress" else status

    def check(self, execution: str, attempt: int = 1) -> Run:
        return self.read(f"{self.name}/Check/{execution}/{attempt}")

    def read(self, run_id: str) -> Run:
        key = PipelineKey(Service.CODEPIPELINE, f"{self.name}/Check")
        return CodePipelineReader(self.client).read(RunRef(key, run_id))


def action(category: str, provider: str, **configuration: str) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": category, "actionTypeId": kind, "configuration": configuration}


def stage(name: str, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "actions": list(actions)}


def tools(cloud: Any, runbook: str = "") -> Tools:
    return Tools(
        CodeBuildBuilds(cloud.client("codebuild")),
        CodePipelineStages(cloud.client("codepipeline")),
        CodeDeployDeployments(cloud.client("codedeploy")),
        AutomationRunbooks(cloud.client("ssm")),
        Case(INCIDENT, "execute-action", runbook, "test_failure"),
    )


def heal(remedy: str, run: Run, hands: Tools) -> str:
    """Carry the remedy out as execute_action does."""
    module = remedy_module(remedy)
    assert module.preflight(run, hands) == ""
    return module.start(module.plan(run, hands), run, hands, token_of(INCIDENT))


@pytest.fixture
def repository(make_repository: Callable[[dict[str, str]], Path]) -> Path:
    return make_repository({"buildspec.yml": CHECK, "ok.txt": "x"})


@pytest.fixture
def deliver(cloud: Any, repository: Path, project: Callable[..., str]) -> Callable[..., Delivery]:
    def make(*tags: dict[str, str]) -> Delivery:
        name = project(repository, tags=[TAG])
        return Delivery(cloud, repository, name, list(tags))

    return make


def test_a_failed_stage_is_retried_once_and_the_retry_is_found_again(
    cloud: Any, repository: Path, deliver: Any, commit: Any, wait_for: Any, tmp_path: Path
) -> None:
    flag = tmp_path / "registry-is-up"
    commit(repository, {"buildspec.yml": CHECK.replace("ok.txt", str(flag))})
    pipeline, hands = deliver(TAG), tools(cloud)
    execution = pipeline.begin()
    assert wait_for(lambda: pipeline.status(execution)) == "Failed"
    failed = pipeline.check(execution)
    build = CodeBuildReader(cloud.client("codebuild")).read(
        RunRef(PipelineKey(Service.CODEBUILD, pipeline.project), failed.covered_by)
    )
    assert build.pipeline == pipeline.name
    flag.write_text("yes")
    run_id = heal("retry_stage", build, hands)
    assert run_id == f"{pipeline.name}/Check/{execution}/2"
    assert list(remedy_module("retry_stage").find(build, hands, build.started_at)) == [run_id]
    assert wait_for(lambda: pipeline.status(execution)) == "Succeeded"
    assert pipeline.read(run_id).status is RunStatus.SUCCEEDED
    assert list(remedy_module("retry_stage").find(build, hands, build.started_at)) == [run_id]
    assert "somebody was faster" in remedy_module("retry_stage").preflight(build, hands)


def test_a_stage_is_rolled_back_to_what_passed_it(
    cloud: Any, repository: Path, deliver: Any, commit: Any, wait_for: Any
) -> None:
    pipeline, hands = deliver(TAG), tools(cloud)
    good = pipeline.begin()
    assert wait_for(lambda: pipeline.status(good)) == "Succeeded"
    commit(repository, {"buildspec.yml": CHECK.replace("ok.txt", "missing.txt")})
    bad = pipeline.begin()
    assert wait_for(lambda: pipeline.status(bad)) == "Failed"
    failed = pipeline.check(bad)
    run_id = heal("roll_back_stage", failed, hands)
    assert list(remedy_module("roll_back_stage").find(failed, hands, failed.started_at)) == [run_id]
    assert wait_for(lambda: pipeline.status(run_id.split("/")[2])) == "Succeeded"
    back = pipeline.read(run_id)
    assert (back.status, back.source_version) == (RunStatus.SUCCEEDED, pipeline.check(good).source_version)
    assert "superseded" in remedy_module("roll_back_stage").preflight(failed, hands)


def test_a_stage_is_held_and_let_go(cloud: Any, deliver: Any, wait_for: Any) -> None:
    pipeline, hands = deliver(TAG), tools(cloud)
    execution = pipeline.begin()
    wait_for(lambda: pipeline.status(execution))
    run = pipeline.check(execution)
    assert heal("hold_stage", run, hands) == ""
    other = replace(hands, case=replace(hands.case, incident_id="fedcba9876543210"))
    assert INCIDENT in remedy_module("hold_stage").preflight(run, other)
    assert remedy_module("hold_stage").preflight(run, hands) == "", "its own hold is what it would do"
    undo = undo_of("hold_stage")
    assert undo is not None
    undo(remedy_module("hold_stage").plan(run, hands), run, hands)
    assert remedy_module("hold_stage").preflight(run, hands) == ""


@pytest.mark.parametrize("remedy", ["retry_stage", "roll_back_stage", "hold_stage"])
def test_a_pipeline_without_the_tag_is_left_alone(
    cloud: Any, repository: Path, deliver: Any, commit: Any, wait_for: Any, remedy: str
) -> None:
    commit(repository, {"buildspec.yml": CHECK.replace("ok.txt", "missing.txt")})
    pipeline = deliver()
    execution = pipeline.begin()
    wait_for(lambda: pipeline.status(execution))
    refusal = remedy_module(remedy).preflight(pipeline.check(execution), tools(cloud))
    assert (
        refusal
        == f"the pipeline {pipeline.name} is not tagged selfheal=enabled, so Selfheal may not touch it"
    )


class Releases:
    """An application with one tagged group, to which commits are deployed."""

    def __init__(self, cloud: Any, repository: Path) -> None:
        self.client, self.repository = cloud.client("codedeploy"), repository
        self.application = f"shop-{uuid.uuid4().hex[:8]}"
        self.names = {"applicationName": self.application, "deploymentGroupName": "live"}
        self.client.create_application(applicationName=self.application)
        tags = [{"Key": "selfheal", "Value": "enabled"}]
        self.client.create_deployment_group(**self.names, serviceRoleArn=ROLE, tags=tags)

    def start(self, commit: str) -> str:
        location = {"repository": str(self.repository), "commitId": commit}
        revision = {"revisionType": "GitHub", "gitHubLocation": location}
        return str(self.client.create_deployment(**self.names, revision=revision)["deploymentId"])

    def read(self, deployment: str) -> Run:
        key = PipelineKey(Service.CODEDEPLOY, f"{self.application}/live")
        return CodeDeployReader(self.client).read(RunRef(key, deployment))

    def ended(self, deployment: str) -> Run | None:
        run = self.read(deployment)
        return run if run.ended_at else None


def test_a_failed_deployment_is_followed_by_the_last_good_revision(
    cloud: Any, make_repository: Any, commit: Any, wait_for: Any
) -> None:
    repository = make_repository(SCRIPTS)
    releases, hands = Releases(cloud, repository), tools(cloud)
    first = commit(repository, {"page.txt": "one"})
    good = releases.start(first)
    assert wait_for(lambda: releases.ended(good)).status is RunStatus.SUCCEEDED
    bad = releases.start(commit(repository, {"start.sh": "#!/bin/sh\nexit 1\n"}))
    failed = wait_for(lambda: releases.ended(bad))
    assert failed.status is RunStatus.FAILED
    again = heal("roll_back_deployment", failed, hands)
    assert list(remedy_module("roll_back_deployment").find(failed, hands, failed.started_at)) == [again]
    back = wait_for(lambda: releases.ended(again))
    assert (back.status, back.source_version) == (RunStatus.SUCCEEDED, first)
    assert f"superseded: {again}" in remedy_module("roll_back_deployment").preflight(failed, hands)


def test_a_deployment_that_still_runs_is_stopped_and_taken_back(
    cloud: Any, make_repository: Any, commit: Any, wait_for: Any, tmp_path: Path
) -> None:
    repository = make_repository(SCRIPTS)
    releases, hands = Releases(cloud, repository), tools(cloud)
    first = commit(repository, {"page.txt": "one"})
    good = releases.start(first)
    wait_for(lambda: releases.ended(good))
    begun = tmp_path / "begun"
    slow = f"#!/bin/sh\ntouch {begun}\nsleep 300\n"
    bad = releases.start(commit(repository, {"start.sh": slow}))
    wait_for(begun.exists)
    running = releases.read(bad)
    module = remedy_module("roll_back_deployment")
    assert module.plan(running, hands).parameters["how"] == "stop"
    hands.deployments.stop(bad)
    again = wait_for(lambda: hands.deployments.details(f"{releases.application}/live", bad).rolled_back_by)
    assert list(module.find(running, hands, running.started_at)) == [again]
    back = wait_for(lambda: releases.ended(again))
    assert (back.status, back.source_version) == (RunStatus.SUCCEEDED, first)


def test_a_runbook_is_started_once_for_its_incident(
    cloud: Any, repository: Path, deliver: Any, wait_for: Any
) -> None:
    pipeline = deliver(TAG)
    execution = pipeline.begin()
    wait_for(lambda: pipeline.status(execution))
    name, ssm = f"Selfheal-{uuid.uuid4().hex[:8]}", cloud.client("ssm")
    ssm.create_document(Name=name, Content=DOCUMENT, DocumentType="Automation", DocumentFormat="YAML")
    run, hands = pipeline.check(execution), tools(cloud, name)
    started = heal("run_runbook", run, hands)
    assert heal("run_runbook", run, hands) == started

    def outcome() -> Any:
        found = ssm.get_automation_execution(AutomationExecutionId=started)["AutomationExecution"]
        return found if found["AutomationExecutionStatus"] != "InProgress" else None

    ended = wait_for(outcome)
    assert ended["AutomationExecutionStatus"] == "Success"
    assert ended["Parameters"]["Run"] == [run.ref.run_id]
