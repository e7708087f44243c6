"""The operations of AWS CodePipeline."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping

from local.devtools import pipeline_recovery, pipeline_views
from local.devtools.errors import ServiceError
from local.devtools.events import EventPublisher
from local.devtools.executions import SUCCEEDED, Execution, Trigger
from local.devtools.operations import Caller, Operation, page
from local.devtools.pipeline_declarations import check, complete
from local.devtools.pipeline_events import pipeline_arn, pipeline_change
from local.devtools.pipelines import ActionRunner, Course, Pipeline, PipelineRun
from local.devtools.tag_lists import read_tags, write_tags
from local.devtools.wire import Json

PAGE = 100
BAD_TOKEN = "InvalidNextTokenException"  # noqa: S105 - an error's name


class CodePipeline:
    """Pipelines and their executions."""

    def __init__(self, runners: dict[str, ActionRunner], events: EventPublisher) -> None:
        self._runners, self._events = runners, events
        self._lock = threading.Lock()
        self._pipelines: dict[str, Pipeline] = {}

    def operations(self) -> dict[str, Operation]:
        """The operations by name."""
        by_arn = _member("resourceArn")
        return {
            "CreatePipeline": Operation(self._create, _declared),
            "UpdatePipeline": Operation(self._update, _declared),
            "GetPipeline": Operation(self._get, _pipeline("name")),
            "ListPipelines": Operation(self._list, lambda p: [pipeline_arn("*")]),
            "StartPipelineExecution": Operation(self._start, _pipeline("name")),
            "GetPipelineState": Operation(self._state, _pipeline("name")),
            "GetPipelineExecution": Operation(self._get_execution, _pipeline("pipelineName")),
            "ListPipelineExecutions": Operation(self._list_executions, _pipeline("pipelineName")),
            "ListActionExecutions": Operation(self._list_actions, _pipeline("pipelineName")),
            "RetryStageExecution": Operation(self._retry_stage, _stage),
            "RollbackStage": Operation(self._roll_back_stage, _stage),
            "DisableStageTransition": Operation(self._disable_transition, _stage),
            "EnableStageTransition": Operation(self._enable_transition, _stage),
            "TagResource": Operation(self._tag, by_arn),
            "UntagResource": Operation(self._untag, by_arn),
            "ListTagsForResource": Operation(self._list_tags, by_arn),
        }

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a pipeline; its stages and actions have the same."""
        name = arn.removeprefix(pipeline_arn("")).partition("/")[0]
        pipeline = self._pipelines.get(name)
        return pipeline.tags if pipeline else {}

    def _create(self, params: Json, caller: Caller) -> Json:
        check(params["pipeline"])
        declaration, tags, now = complete(params["pipeline"], 1), params.get("tags", []), time.time()
        with self._lock:
            if declaration["name"] in self._pipelines:
                message = f"A pipeline with the name {declaration['name']} already exists"
                raise ServiceError("PipelineNameInUseException", message)
            self._pipelines[declaration["name"]] = Pipeline(declaration, now, now, read_tags(tags))
        return {"pipeline": declaration, "tags": tags}

    def _update(self, params: Json, caller: Caller) -> Json:
        # The real one has no error for a pipeline that is not there; the structure refers to none.
        pipeline = self._pipelines.get(params["pipeline"]["name"])
        if pipeline is None:
            raise ServiceError("InvalidStructureException", "Cannot update a pipeline that does not exist")
        check(params["pipeline"])
        with self._lock:
            pipeline.declaration = complete(params["pipeline"], pipeline.version + 1)
            pipeline.updated = time.time()
        return {"pipeline": pipeline.declaration}

    def _get(self, params: Json, caller: Caller) -> Json:
        pipeline = self._find(params["name"])
        metadata = {
            "pipelineArn": pipeline_arn(pipeline.name),
            "created": round(pipeline.created, 3),
            "updated": round(pipeline.updated, 3),
        }
        return {"pipeline": pipeline.declaration, "metadata": metadata}

    def _list(self, params: Json, caller: Caller) -> Json:
        shown, more = page(sorted(self._pipelines), params, params.get("maxResults", PAGE), BAD_TOKEN)
        return {"pipelines": [pipeline_views.summary(self._pipelines[name]) for name in shown], **more}

    def _start(self, params: Json, caller: Caller) -> Json:
        for member in ("variables", "sourceRevisions"):
            if params.get(member):
                raise _not_offered(member)
        pipeline, token = self._find(params["name"]), params.get("clientRequestToken")
        with self._lock:
            if token in pipeline.tokens:
                return {"pipelineExecutionId": pipeline.tokens[token]}
            pipeline_recovery.check_room(pipeline)
            now = time.time()
            trigger = Trigger("StartPipelineExecution", caller.arn)
            execution = Execution(pipeline.declaration, str(uuid.uuid4()), now, now, trigger)
            pipeline.executions.append(execution)
            if token:
                pipeline.tokens[token] = execution.id
        self._run(pipeline, execution, Course())
        return {"pipelineExecutionId": execution.id}

    def _retry_stage(self, params: Json, caller: Caller) -> Json:
        pipeline = self._find(params["pipelineName"])
        execution, course = pipeline_recovery.retry(
            pipeline, params["stageName"], params["pipelineExecutionId"], params["retryMode"]
        )
        self._run(pipeline, execution, course)
        return {"pipelineExecutionId": execution.id}

    def _roll_back_stage(self, params: Json, caller: Caller) -> Json:
        pipeline, stage = self._find(params["pipelineName"]), params["stageName"]
        trigger = Trigger("ManualRollback", caller.arn)
        with self._lock:
            execution, course = pipeline_recovery.roll_back(
                pipeline, stage, params["targetPipelineExecutionId"], trigger
            )
        self._run(pipeline, execution, course)
        return {"pipelineExecutionId": execution.id}

    def _ended(self, pipeline: Pipeline, execution: Execution, status: str, failed: Json | None) -> None:
        # Whoever reads that it ended must read of its rollback too, and its event must be on its way.
        with self._lock:
            rollback = _rollback_of(pipeline, execution, failed) if failed else None
            with execution.lock:
                execution.status, execution.updated = status, time.time()
                self._events.publish(pipeline_change(execution, status.upper()))
        if rollback:
            self._run(pipeline, *rollback)

    def _run(self, pipeline: Pipeline, execution: Execution, course: Course) -> None:
        PipelineRun(pipeline, execution, self._runners, self._events, self._ended).start(course)

    def _disable_transition(self, params: Json, caller: Caller) -> Json:
        pipeline, stage = self._transition(params)
        pipeline.gates.set_transition(stage, False, caller.arn, params["reason"])
        return {}

    def _enable_transition(self, params: Json, caller: Caller) -> Json:
        pipeline, stage = self._transition(params)
        pipeline.gates.set_transition(stage, True, caller.arn)
        return {}

    def _transition(self, params: Json) -> tuple[Pipeline, str]:
        """The stage into which the transition leads: the way out of a stage is the way into the next."""
        pipeline = self._find(params["pipelineName"])
        index = pipeline_recovery.stage_index(pipeline, params["stageName"])
        index += params["transitionType"] == "Outbound"
        if index in (0, len(pipeline.stages)):
            message = (
                f"transitionType: stage {params['stageName']} has no {params['transitionType']} transition"
            )
            raise ServiceError("ValidationException", message)
        return pipeline, pipeline.stages[index]

    def _state(self, params: Json, caller: Caller) -> Json:
        return pipeline_views.state(self._find(params["name"]))

    def _get_execution(self, params: Json, caller: Caller) -> Json:
        pipeline = self._find(params["pipelineName"])
        execution = pipeline_recovery.find_execution(pipeline, params["pipelineExecutionId"])
        return {"pipelineExecution": pipeline_views.execution_detail(execution)}

    def _list_executions(self, params: Json, caller: Caller) -> Json:
        pipeline = self._find(params["pipelineName"])
        with self._lock:
            found = pipeline.executions[::-1]
            if stage := params.get("filter", {}).get("succeededInStage", {}).get("stageName"):
                found = [item for item in found if _succeeded(item, stage, pipeline.version)]
            shown, more = page(found, params, params.get("maxResults", PAGE), BAD_TOKEN)
            summaries = [pipeline_views.execution_summary(execution) for execution in shown]
        return {"pipelineExecutionSummaries": summaries, **more}

    def _list_actions(self, params: Json, caller: Caller) -> Json:
        pipeline, wanted = self._find(params["pipelineName"]), params.get("filter", {})
        if "latestInPipelineExecution" in wanted:
            raise _not_offered("filter.latestInPipelineExecution")
        executions = pipeline.executions
        if "pipelineExecutionId" in wanted:
            executions = [pipeline_recovery.find_execution(pipeline, wanted["pipelineExecutionId"])]
        details = [(item, action) for item in executions for action in list(item.actions)]
        shown, more = page(details[::-1], params, params.get("maxResults", PAGE), BAD_TOKEN)
        return {"actionExecutionDetails": [pipeline_views.action_detail(*each) for each in shown], **more}

    def _tag(self, params: Json, caller: Caller) -> Json:
        self._tagged(params).tags.update(read_tags(params["tags"]))
        return {}

    def _untag(self, params: Json, caller: Caller) -> Json:
        for key in params["tagKeys"]:
            self._tagged(params).tags.pop(key, None)
        return {}

    def _list_tags(self, params: Json, caller: Caller) -> Json:
        shown, more = page(
            write_tags(self._tagged(params).tags), params, params.get("maxResults", PAGE), BAD_TOKEN
        )
        return {"tags": shown, **more}

    def _tagged(self, params: Json) -> Pipeline:
        pipeline = self._pipelines.get(params["resourceArn"].removeprefix(pipeline_arn("")))
        if pipeline is None:
            raise ServiceError("ResourceNotFoundException", f"There is no resource {params['resourceArn']}")
        return pipeline

    def _find(self, name: str) -> Pipeline:
        pipeline = self._pipelines.get(name)
        if pipeline is None:
            message = f"Account does not have a pipeline with name '{name}'"
            raise ServiceError("PipelineNotFoundException", message)
        return pipeline


def _rollback_of(pipeline: Pipeline, execution: Execution, failed: Json) -> tuple[Execution, Course] | None:
    """A failed stage's rollback by itself, where its declaration says so and there is something to go back to."""
    if failed.get("onFailure", {}).get("result") != "ROLLBACK" or execution.target:
        return None
    target = pipeline_recovery.last_good(pipeline, failed["name"])
    if target is None:
        return None
    trigger = Trigger("AutomatedRollback", execution.id)
    try:
        return pipeline_recovery.roll_back(pipeline, failed["name"], target.id, trigger)
    except ServiceError:  # the next execution came into the stage first
        return None


def _succeeded(execution: Execution, stage: str, version: int) -> bool:
    return execution.version == version and execution.stages.get(stage) == SUCCEEDED


def _not_offered(member: str) -> ServiceError:
    return ServiceError("ValidationException", f"{member}: not offered by the simulator; leave it out")


def _member(name: str) -> Callable[[Json], list[str]]:
    return lambda params: [params[name]]


def _pipeline(member: str) -> Callable[[Json], list[str]]:
    return lambda params: [pipeline_arn(params[member])]


def _declared(params: Json) -> list[str]:
    return [pipeline_arn(params["pipeline"]["name"])]


def _stage(params: Json) -> list[str]:
    return [pipeline_arn(f"{params['pipelineName']}/{params['stageName']}")]
