"""A pipeline of source, build and deployment as a scenario's subject."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from local.developer import Developer
from local.patience import Patience
from local.repository import BRANCH, Repository
from local.subject import Counts, Run
from selfheal.domain.incident import incident_id
from selfheal.domain.remedy import TAG_KEY, TAG_VALUE
from selfheal.domain.run import PipelineKey, Service

ROLE = "arn:aws:iam::000000000000:role/demo-pipelines"
GROUP = "prod"
STAGES = ("Source", "Build", "Deploy")


class PipelineSubject:
    """See Subject. Its runs are executions of the pipeline; the incident is of the build that failed in one."""

    def __init__(
        self,
        clients: dict[str, Any],
        name: str,
        repository: Repository,
        variables: dict[str, str],
        *,
        native: bool,
    ) -> None:
        self._codepipeline, self._codedeploy = clients["codepipeline"], clients["codedeploy"]
        self._developer, self._name = Developer(clients["codebuild"]), name
        self._developer.create_project(name, None, variables, cache=False)
        self._set_up_group()
        self._codepipeline.create_pipeline(
            pipeline=_declaration(name, repository.path, native=native),
            tags=[{"key": TAG_KEY, "value": TAG_VALUE}],
        )

    @property
    def name(self) -> str:
        """See Subject."""
        return self._name

    @property
    def keys(self) -> Collection[PipelineKey]:
        """See Subject."""
        stages = [PipelineKey(Service.CODEPIPELINE, f"{self._name}/{stage}") for stage in STAGES]
        project = PipelineKey(Service.CODEBUILD, self._name)
        return [*stages, project, PipelineKey(Service.CODEDEPLOY, f"{self._name}/{GROUP}")]

    def start(self, commit: str) -> str:
        """See Subject. A pipeline takes the commit that its branch is at."""
        del commit
        return str(self._codepipeline.start_pipeline_execution(name=self._name)["pipelineExecutionId"])

    def wait(self, started: str, patience: Patience) -> Run:
        """See Subject."""
        return patience.until(f"the end of execution {started}", lambda: self._finished(started))

    def counts(self) -> Counts:
        """See Subject."""
        reply = self._codedeploy.list_deployments(applicationName=self._name, deploymentGroupName=GROUP)
        builds = self._developer.builds_of(self._name)
        return Counts(builds=len(builds), deployments=len(reply["deployments"]))

    def differences(self, patience: Patience) -> Sequence[str]:
        """See Subject. In the end what the pipeline was started for must be done, in that one execution."""
        latest = patience.until("the end of the pipeline's execution", self._latest)
        executions = self._codepipeline.list_pipeline_executions(pipelineName=self._name)
        count = len(executions["pipelineExecutionSummaries"])
        found = [f"the pipeline ran {count} times, expected 1"] if count != 1 else []
        return found + ([f"the pipeline is {latest} in the end"] if latest != "Succeeded" else [])

    def _latest(self) -> str | None:
        reply = self._codepipeline.list_pipeline_executions(pipelineName=self._name, maxResults=1)
        status = str(reply["pipelineExecutionSummaries"][0]["status"])
        return None if status == "InProgress" else status

    def _finished(self, execution: str) -> Run | None:
        names = {"pipelineName": self._name, "pipelineExecutionId": execution}
        reply = self._codepipeline.get_pipeline_execution(**names)["pipelineExecution"]
        if reply["status"] == "InProgress":
            return None
        actions = self._codepipeline.list_action_executions(
            pipelineName=self._name, filter={"pipelineExecutionId": execution}
        )["actionExecutionDetails"]
        build = next(action for action in reversed(actions) if action["stageName"] == "Build")
        build_id = build["output"]["executionResult"]["externalExecutionId"]
        ended = build["lastUpdateTime"].timestamp()
        return Run(build_id, incident_id(build_id), reply["status"] == "Succeeded", ended)

    def _set_up_group(self) -> None:
        tags = [{"Key": TAG_KEY, "Value": TAG_VALUE}]
        self._codedeploy.create_application(applicationName=self._name, tags=tags)
        self._codedeploy.create_deployment_group(
            applicationName=self._name, deploymentGroupName=GROUP, serviceRoleArn=ROLE, tags=tags
        )


def _declaration(name: str, repository: Path, *, native: bool) -> dict[str, Any]:
    by_itself = {"onFailure": {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}}
    source = _action("Checkout", "Source", "CodeCommit", RepositoryName=str(repository), BranchName=BRANCH)
    build = _action("Test", "Build", "CodeBuild", ProjectName=name)
    deploy = _action("Release", "Deploy", "CodeDeploy", ApplicationName=name, DeploymentGroupName=GROUP)
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": "demo-artifacts"},
        "stages": [
            {"name": stage, "actions": [action], **(by_itself if native and stage == "Build" else {})}
            for stage, action in zip(STAGES, (source, build, deploy), strict=True)
        ],
        "pipelineType": "V2",
    }


def _action(name: str, category: str, provider: str, **configuration: str) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": configuration}
