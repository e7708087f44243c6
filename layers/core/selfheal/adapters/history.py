"""Listing the runs that are over, service by service."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from selfheal.adapters.build_reply import run_of
from selfheal.adapters.calls import Client, Json, calling, pages
from selfheal.adapters.codedeploy import deployment_ref
from selfheal.adapters.codepipeline import stage_attempts
from selfheal.domain.run import RunRef
from selfheal.ports import FinishedRuns

# How long a run can last, so how long before ``since`` one may have started that ended after it:
# a build is queued for 8 hours at most and runs for 36 (CodeBuild API, StartBuild);
LONGEST_BUILD = timedelta(hours=8 + 36)
# a blue/green deployment takes 109 hours at most (CodeDeploy quotas);
LONGEST_DEPLOYMENT = timedelta(hours=109)
# a pipeline execution has no limit, but its approvals expire after 7 days (CodePipeline quotas).
LONGEST_EXECUTION = timedelta(days=7)
DEPLOYMENTS_BATCH = 25
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
    """FinishedRuns of CodeBuild. Needs codebuild:ListBuilds and codebuild:BatchGetBuilds."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """FinishedRuns. Builds are listed newest start first, so a page of too old ones is the last."""
        for page in pages(self._client, "list_builds", "codebuild:ListBuilds", sortOrder="DESCENDING"):
            ids = page.get("ids")
            if not ids:
                continue
            with calling("codebuild:BatchGetBuilds"):
                builds = self._client.batch_get_builds(ids=ids).get("builds", [])
            runs = [run_of(build) for build in builds]
            yield from (run.ref for run in runs if run.ended_at and run.ended_at >= since)
            if runs and all(run.started_at < since - LONGEST_BUILD for run in runs):
                return


class CodePipelineHistory:
    """FinishedRuns of CodePipeline. Needs codepipeline:ListPipelines, ListPipelineExecutions and
    ListActionExecutions."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """FinishedRuns. Gives every attempt of every stage of executions that ended since, earlier ones too:
        while an execution goes on, nothing says that the last action of a stage has run."""
        for page in pages(self._client, "list_pipelines", "codepipeline:ListPipelines"):
            for pipeline in page["pipelines"]:
                for execution in self._executions(pipeline["name"], since):
                    yield from self._stages(pipeline["name"], execution["pipelineExecutionId"])

    def _executions(self, pipeline: str, since: datetime) -> Iterator[Json]:
        operation = "codepipeline:ListPipelineExecutions"
        for page in pages(self._client, "list_pipeline_executions", operation, pipelineName=pipeline):
            found = page["pipelineExecutionSummaries"]
            yield from (e for e in found if e["status"] in _OVER and e["lastUpdateTime"] >= since)
            if all(execution["startTime"] < since - LONGEST_EXECUTION for execution in found):
                return

    def _stages(self, pipeline: str, execution: str) -> Iterator[RunRef]:
        for attempt in stage_attempts(self._client, pipeline, execution):
            if attempt.status.terminal:
                yield attempt.ref(pipeline, execution)


class CodeDeployHistory:
    """FinishedRuns of CodeDeploy. Needs codedeploy:ListDeployments and codedeploy:BatchGetDeployments."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """FinishedRuns."""
        ids = self._ids(since - LONGEST_DEPLOYMENT)
        while batch := list(islice(ids, DEPLOYMENTS_BATCH)):
            with calling("codedeploy:BatchGetDeployments"):
                infos = self._client.batch_get_deployments(deploymentIds=batch)["deploymentsInfo"]
            yield from (deployment_ref(info) for info in infos if _ended(info, since))

    def _ids(self, created_since: datetime) -> Iterator[str]:
        replies = pages(
            self._client,
            "list_deployments",
            "codedeploy:ListDeployments",
            includeOnlyStatuses=["Succeeded", "Failed", "Stopped"],
            createTimeRange={"start": created_since},
        )
        for page in replies:
            yield from page["deployments"]


def _ended(info: Json, since: datetime) -> bool:
    """Deployments that another service makes (CloudFormation) may lack a group: they are of no pipeline."""
    return "completeTime" in info and info["completeTime"] >= since and "deploymentGroupName" in info
