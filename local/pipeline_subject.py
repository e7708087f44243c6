"""A pipeline of source, build and deployment as a scenario's subject."""

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local.developer import Developer
from local.patience import Patience
from local.repository import BRANCH, Repository, move_branch
from local.subject import Counts, Run
from local.users import Users
from selfheal.domain.incident import harm_incident_id, incident_id
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
        self._repository = repository
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
        stages = [PipelineKey.of_stage(self._name, stage) for stage in STAGES]
        project = PipelineKey(Service.CODEBUILD, self._name)
        return [*stages, project, PipelineKey(Service.CODEDEPLOY, f"{self._name}/{GROUP}")]

    def start(self, commit: str) -> str:
        """See Subject. A pipeline takes the commit that its branch is at."""
        move_branch(self._repository.path, commit)
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
        return self._run(execution, succeeded=reply["status"] == "Succeeded")

    def _run(self, execution: str, *, succeeded: bool) -> Run:
        build = self._first(execution, "Build")
        build_id = build["output"]["executionResult"]["externalExecutionId"]
        return Run(build_id, incident_id(build_id), succeeded, build["lastUpdateTime"].timestamp())

    def _first(self, execution: str, stage: str) -> dict[str, Any]:
        """The first action that an execution ran in a stage."""
        actions = self._codepipeline.list_action_executions(
            pipelineName=self._name, filter={"pipelineExecutionId": execution}
        )["actionExecutionDetails"]
        return next(action for action in reversed(actions) if action["stageName"] == stage)

    def _set_up_group(self) -> None:
        tags = [{"Key": TAG_KEY, "Value": TAG_VALUE}]
        self._codedeploy.create_application(applicationName=self._name, tags=tags)
        self._codedeploy.create_deployment_group(
            applicationName=self._name, deploymentGroupName=GROUP, serviceRoleArn=ROLE, tags=tags
        )


class ReleaseSubject(PipelineSubject):
    """A pipeline that deploys a service with users: what is in question is what its last stage deployed."""

    def __init__(
        self, clients: dict[str, Any], name: str, repository: Repository, hosts: Path, needed: ExitStack
    ) -> None:
        super().__init__(clients, name, repository, {}, native=False)
        self._users = Users(clients["cloudwatch"], name, hosts / name / GROUP / "address", needed)

    def differences(self, patience: Patience) -> Sequence[str]:
        """See Subject. In the end users must be served again, by the version from before."""
        patience.until("the end of the pipeline's execution", self._latest)
        found = list(self._users.differences(patience))
        group = self._codedeploy.get_deployment_group(applicationName=self._name, deploymentGroupName=GROUP)
        commit = group["deploymentGroupInfo"]["targetRevision"]["gitHubLocation"]["commitId"]
        if commit != self._repository.first:
            found.append(f"commit {commit} is deployed in the end, expected {self._repository.first}")
        return found

    def _run(self, execution: str, *, succeeded: bool) -> Run:
        run_id = f"{self._name}/{STAGES[-1]}/{execution}/1"
        deployed = self._first(execution, STAGES[-1])["lastUpdateTime"].timestamp()
        return Run(run_id, harm_incident_id(run_id), succeeded, deployed)


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
