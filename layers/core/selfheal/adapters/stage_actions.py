"""The few things that remedies do to stages of pipelines, and what they ask of CodePipeline first."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from selfheal.adapters.calls import Client, Json, calling, pages
from selfheal.adapters.codepipeline import get_execution, gone, stage_attempts, starter
from selfheal.adapters.tags import permits
from selfheal.domain.errors import RunNotFound
from selfheal.domain.run import RunStatus
from selfheal.remedy_ports import Execution, StageAttempt, StageDetails

# A build that failed just now is among the last actions; each page holds up to 100.
PAGES_OF_ACTIONS = 3
ROLLBACK = "ROLLBACK"
AUTHOR_VARIABLES = ("AuthorEmail", "AuthorId", "AuthorDisplayName")


class CodePipelineStages:
    """Stages. Needs codepipeline:GetPipeline, GetPipelineState, GetPipelineExecution, ListPipelineExecutions,
    ListActionExecutions, ListTagsForResource, RetryStageExecution, RollbackStage, DisableStageTransition and
    EnableStageTransition."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def of_build(self, pipeline: str, build_id: str) -> StageAttempt | None:
        """Stages."""
        action = next((a for a in self._last_actions(pipeline) if _started(a) == build_id), None)
        if action is None:
            return None
        execution = action["pipelineExecutionId"]
        for attempt in stage_attempts(self._client, pipeline, execution):
            if any(_started(each) == build_id for each in attempt.actions):
                return StageAttempt(pipeline, attempt.stage, execution, attempt.number)
        return None

    def authors(self, attempt: StageAttempt) -> tuple[str, ...]:
        """Stages. Connections (CodeStarSourceConnection) tell the author of the newest commit, CodeCommit does not.
        What other actions output is not asked: a build exports what it likes."""
        found = stage_attempts(self._client, attempt.pipeline, attempt.execution)
        sources = (action for each in found for action in each.actions if _is_source(action))
        told = (action.get("output", {}).get("outputVariables", {}) for action in sources)
        named = (variables[name] for variables in told for name in AUTHOR_VARIABLES if variables.get(name))
        return tuple(dict.fromkeys(named))

    def last_attempt(self, attempt: StageAttempt) -> int:
        """Stages."""
        found = stage_attempts(self._client, attempt.pipeline, attempt.execution)
        return max((each.number for each in found if each.stage == attempt.stage), default=attempt.number)

    def at_work(self, attempt: StageAttempt) -> bool:
        """Stages."""
        found = stage_attempts(self._client, attempt.pipeline, attempt.execution)
        ours = (each for each in found if (each.stage, each.number) == (attempt.stage, attempt.number))
        return any(each.status is RunStatus.IN_PROGRESS for each in ours)

    def details(self, pipeline: str, stage: str) -> StageDetails:
        """Stages."""
        with calling("codepipeline:GetPipeline", gone=gone(pipeline)):
            reply = self._client.get_pipeline(name=pipeline)
        with calling("codepipeline:GetPipelineState", gone=gone(pipeline)):
            states = self._client.get_pipeline_state(name=pipeline)["stageStates"]
        with calling("codepipeline:ListTagsForResource"):
            tags = self._client.list_tags_for_resource(resourceArn=reply["metadata"]["pipelineArn"])["tags"]
        declared = _named(reply["pipeline"]["stages"], "name", stage)
        state = _named(states, "stageName", stage)
        latest, transition = state.get("latestExecution", {}), state.get("inboundTransitionState", {})
        return StageDetails(
            tagged=permits(tags),
            structure=reply["pipeline"]["version"],
            rolls_back=reply["pipeline"].get("pipelineType") == "V2",
            first=reply["pipeline"]["stages"][0]["name"] == stage,
            on_failure=_on_failure(declared),
            native_retries=state.get("retryStageMetadata", {}).get("autoStageRetryAttempt", 0),
            latest_execution=latest.get("pipelineExecutionId", ""),
            latest_status=latest.get("status", ""),
            held=not transition.get("enabled", True),
            hold_reason=transition.get("disabledReason", ""),
        )

    def execution(self, pipeline: str, execution: str) -> Execution:
        """Stages."""
        found = get_execution(self._client, pipeline, execution)
        revisions = (revision.get("revisionId", "") for revision in found.get("artifactRevisions", []))
        return Execution(
            id=execution,
            structure=found.get("pipelineVersion", 0),
            commit=next(filter(None, revisions), ""),
            rollback=found.get("executionType") == ROLLBACK,
            started_by=starter(found),
        )

    def succeeded_in(self, pipeline: str, stage: str) -> list[str]:
        """Stages."""
        found = self._executions(pipeline, filter={"succeededInStage": {"stageName": stage}})
        return list(_standing(found))

    def rolled_back_since(self, pipeline: str, since: datetime) -> list[tuple[str, str]]:
        """Stages. Rollbacks that CodePipeline made by itself are left out."""
        return [
            (each["pipelineExecutionId"], each["rollbackMetadata"]["rollbackTargetPipelineExecutionId"])
            for each in self._executions(pipeline)
            if each.get("executionType") == ROLLBACK
            and each.get("trigger", {}).get("triggerType") != "AutomatedRollback"
            and each["startTime"] >= since
        ]

    def retry(self, attempt: StageAttempt) -> None:
        """Stages."""
        with calling("codepipeline:RetryStageExecution"):
            self._client.retry_stage_execution(
                pipelineName=attempt.pipeline,
                stageName=attempt.stage,
                pipelineExecutionId=attempt.execution,
                retryMode="FAILED_ACTIONS",
            )

    def roll_back(self, pipeline: str, stage: str, target: str) -> str:
        """Stages."""
        with calling("codepipeline:RollbackStage"):
            reply = self._client.rollback_stage(
                pipelineName=pipeline, stageName=stage, targetPipelineExecutionId=target
            )
        return str(reply["pipelineExecutionId"])

    def hold(self, pipeline: str, stage: str, reason: str) -> None:
        """Stages."""
        with calling("codepipeline:DisableStageTransition"):
            self._client.disable_stage_transition(
                pipelineName=pipeline, stageName=stage, transitionType="Inbound", reason=reason
            )

    def release(self, pipeline: str, stage: str) -> None:
        """Stages."""
        with calling("codepipeline:EnableStageTransition"):
            self._client.enable_stage_transition(
                pipelineName=pipeline, stageName=stage, transitionType="Inbound"
            )

    def _last_actions(self, pipeline: str) -> Iterator[Json]:
        operation = "codepipeline:ListActionExecutions"
        replies = pages(
            self._client, "list_action_executions", operation, gone=gone(pipeline), pipelineName=pipeline
        )
        for page in islice(replies, PAGES_OF_ACTIONS):
            yield from page["actionExecutionDetails"]

    def _executions(self, pipeline: str, **arguments: Json) -> list[Json]:
        with calling("codepipeline:ListPipelineExecutions", gone=gone(pipeline)):
            reply = self._client.list_pipeline_executions(pipelineName=pipeline, maxResults=100, **arguments)
        found: list[Json] = reply.get("pipelineExecutionSummaries", [])
        return found


def _standing(executions: list[Json]) -> Iterator[str]:
    """What was put into a stage and stayed there, newest first: what a rollback went past was found to be bad."""
    target = ""
    for execution in executions:
        if target and execution["pipelineExecutionId"] != target:
            continue
        target = ""
        if execution.get("executionType") == ROLLBACK:
            target = execution["rollbackMetadata"]["rollbackTargetPipelineExecutionId"]
        else:
            yield str(execution["pipelineExecutionId"])


def _started(action: Json) -> str:
    """The id of the build (or whatever else) that an action started."""
    return str(action.get("output", {}).get("executionResult", {}).get("externalExecutionId", ""))


def _is_source(action: Json) -> bool:
    return bool(action.get("input", {}).get("actionTypeId", {}).get("category") == "Source")


def _on_failure(stage: Json) -> str:
    """What CodePipeline does by itself when the stage fails, be it always or under a condition."""
    declared = stage.get("onFailure", {})
    conditional = (condition.get("result") for condition in declared.get("conditions", []))
    return str(declared.get("result") or next(filter(None, conditional), ""))


def _named(stages: list[Json], key: str, stage: str) -> Json:
    found = next((each for each in stages if each[key] == stage), None)
    if found is None:
        raise RunNotFound(f"the pipeline has no stage {stage} any more")
    return found
