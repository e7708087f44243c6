"""Listing the runs that are over, service by service."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from selfheal.adapters.build_reply import run_of
from selfheal.adapters.calls import Client, Json, calling, pages
from selfheal.adapters.codedeploy import deployment_ref, deployment_run
from selfheal.adapters.codepipeline import Attempt, get_execution, stage_attempts, stage_run
from selfheal.domain.errors import RunNotFound
from selfheal.domain.run import Run, RunRef
from selfheal.ports import FinishedRuns

# How long a run can last, so how long before ``since`` one may have started that ended after it:
# a build is queued for 8 hours at most and runs for 36 (CodeBuild API, StartBuild);
LONGEST_BUILD = timedelta(hours=8 + 36)
# a blue/green deployment takes 109 hours at most (CodeDeploy quotas);
LONGEST_DEPLOYMENT = timedelta(hours=109)
# a pipeline execution has no limit, but its approvals expire after 7 days (CodePipeline quotas).
LONGEST_EXECUTION = timedelta(days=7)
DEPLOYMENTS_BATCH = 25
_NO_GROUP = {
    "ApplicationDoesNotExistException": "CodeDeploy knows no such application",
    "DeploymentGroupDoesNotExistException": "CodeDeploy knows no such deployment group",
}
_OVER = frozenset({"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"})


class ServiceHistory:
    """FinishedRuns of all three services, one after the other."""

    def __init__(self, codebuild: Client, codepipeline: Client, codedeploy: Client) -> None:
        self._histories: tuple[FinishedRuns, ...] = (
            CodeBuildHistory(codebuild),
            CodePipelineHistory(codepipeline),
            CodeDeployHistory(codedeploy),
        )

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """FinishedRuns."""
        for history in self._histories:
            yield from history.ended_since(since)


class CodeBuildHistory:
    """FinishedRuns of CodeBuild, of one project when it is named. Needs codebuild:ListBuilds (or
    ListBuildsForProject) and codebuild:BatchGetBuilds."""

    def __init__(self, client: Client, project: str = "") -> None:
        self._client = client
        self._project = project

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """FinishedRuns."""
        return (run.ref for run in self.runs_since(since))

    def runs_since(self, since: datetime) -> Iterator[Run]:
        """The same, whole. Builds are listed newest start first, so a page of too old ones is the last."""
        for page in self._pages():
            ids = page.get("ids")
            if not ids:
                continue
            with calling("codebuild:BatchGetBuilds"):
                builds = self._client.batch_get_builds(ids=ids).get("builds", [])
            runs = [run_of(build) for build in builds]
            yield from (run for run in runs if run.ended_at and run.ended_at >= since)
            if runs and all(run.started_at < since - LONGEST_BUILD for run in runs):
                return

    def _pages(self) -> Iterator[Json]:
        if not self._project:
            return pages(self._client, "list_builds", "codebuild:ListBuilds", sortOrder="DESCENDING")
        gone = {"ResourceNotFoundException": f"{self._project}: CodeBuild knows no such project"}
        return pages(
            self._client,
            "list_builds_for_project",
            "codebuild:ListBuildsForProject",
            gone=gone,
            projectName=self._project,
            sortOrder="DESCENDING",
        )


class CodePipelineHistory:
    """FinishedRuns of CodePipeline, of one stage (``<pipeline>/<stage>``) when it is named. Needs
    codepipeline:ListPipelines, ListPipelineExecutions and ListActionExecutions."""

    def __init__(self, client: Client, stage: str = "") -> None:
        self._client = client
        self._pipeline, _, self._stage = stage.partition("/")

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """FinishedRuns. Gives every attempt of every stage of executions that ended since, earlier ones too:
        while an execution goes on, nothing says that the last action of a stage has run."""
        for pipeline, execution in self._executions_since(since):
            yield from (ref for ref, _ in self._attempts(pipeline, execution))

    def runs_since(self, since: datetime) -> Iterator[Run]:
        """The same, whole. Needs codepipeline:GetPipelineExecution."""
        for pipeline, execution in self._executions_since(since):
            if attempts := self._attempts(pipeline, execution):
                whole = get_execution(self._client, pipeline, execution)
                yield from (stage_run(ref, attempt, whole) for ref, attempt in attempts)

    def _executions_since(self, since: datetime) -> Iterator[tuple[str, str]]:
        for pipeline in self._pipelines():
            for execution in self._executions(pipeline, since):
                yield pipeline, execution["pipelineExecutionId"]

    def _pipelines(self) -> Iterator[str]:
        if self._pipeline:
            yield self._pipeline
            return
        for page in pages(self._client, "list_pipelines", "codepipeline:ListPipelines"):
            yield from (pipeline["name"] for pipeline in page["pipelines"])

    def _executions(self, pipeline: str, since: datetime) -> Iterator[Json]:
        operation = "codepipeline:ListPipelineExecutions"
        gone = {"PipelineNotFoundException": f"{pipeline}: CodePipeline knows no such pipeline"}
        replies = pages(self._client, "list_pipeline_executions", operation, gone=gone, pipelineName=pipeline)
        for page in replies:
            found = page["pipelineExecutionSummaries"]
            yield from (e for e in found if e["status"] in _OVER and e["lastUpdateTime"] >= since)
            if all(execution["startTime"] < since - LONGEST_EXECUTION for execution in found):
                return

    def _attempts(self, pipeline: str, execution: str) -> list[tuple[RunRef, Attempt]]:
        """None of an execution that expired since it was listed."""
        try:
            attempts = stage_attempts(self._client, pipeline, execution)
        except RunNotFound:
            return []
        wanted = (a for a in attempts if a.status.terminal and self._stage in ("", a.stage))
        return [(attempt.ref(pipeline, execution), attempt) for attempt in wanted]


class CodeDeployHistory:
    """FinishedRuns of CodeDeploy, of one group (``<application>/<group>``) when it is named. Needs
    codedeploy:ListDeployments and codedeploy:BatchGetDeployments."""

    def __init__(self, client: Client, group: str = "") -> None:
        self._client = client
        application, _, name = group.partition("/")
        self._only = {"applicationName": application, "deploymentGroupName": name} if group else {}

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """FinishedRuns."""
        return (deployment_ref(info) for info in self._ended(since))

    def runs_since(self, since: datetime) -> Iterator[Run]:
        """The same, whole."""
        return (deployment_run(info) for info in self._ended(since))

    def _ended(self, since: datetime) -> Iterator[Json]:
        ids = self._ids(since - LONGEST_DEPLOYMENT)
        while batch := list(islice(ids, DEPLOYMENTS_BATCH)):
            with calling("codedeploy:BatchGetDeployments"):
                infos = self._client.batch_get_deployments(deploymentIds=batch)["deploymentsInfo"]
            yield from (info for info in infos if _ended(info, since))

    def _ids(self, created_since: datetime) -> Iterator[str]:
        replies = pages(
            self._client,
            "list_deployments",
            "codedeploy:ListDeployments",
            gone=_NO_GROUP,
            includeOnlyStatuses=["Succeeded", "Failed", "Stopped"],
            createTimeRange={"start": created_since},
            **self._only,
        )
        for page in replies:
            yield from page["deployments"]


def _ended(info: Json, since: datetime) -> bool:
    """Deployments that another service makes (CloudFormation) may lack a group: they are of no pipeline."""
    return "completeTime" in info and info["completeTime"] >= since and "deploymentGroupName" in info
