"""The operations of AWS CodePipeline."""

from __future__ import annotations

import threading
import time
import uuid

from local.devtools.actions import check_action
from local.devtools.builds import present
from local.devtools.errors import ServiceError
from local.devtools.events import EventPublisher
from local.devtools.operations import Caller, Operation, page
from local.devtools.pipeline_events import pipeline_arn
from local.devtools.pipelines import ActionExecution, ActionRunner, Execution, Pipeline, PipelineRun
from local.devtools.wire import Json

PAGE = 100
MODE = "QUEUED"
BAD_TOKEN = "InvalidNextTokenException"  # noqa: S105 - an error's name


class CodePipeline:
    """Pipelines and their executions."""

    def __init__(self, runners: dict[str, ActionRunner], events: EventPublisher) -> None:
        self._runners, self._events = runners, events
        self._lock = threading.Lock()
        self._pipelines: dict[str, Pipeline] = {}

    def operations(self) -> dict[str, Operation]:
        """The operations by name."""
        return {
            "CreatePipeline": Operation(self._create, lambda p: [pipeline_arn(p["pipeline"]["name"])]),
            "GetPipeline": Operation(self._get, _by_name),
            "ListPipelines": Operation(self._list, lambda p: [pipeline_arn("*")]),
            "StartPipelineExecution": Operation(self._start, _by_name),
            "GetPipelineState": Operation(self._state, _by_name),
            "GetPipelineExecution": Operation(self._get_execution, _by_pipeline_name),
            "ListPipelineExecutions": Operation(self._list_executions, _by_pipeline_name),
            "ListActionExecutions": Operation(self._list_actions, _by_pipeline_name),
        }

    def _create(self, params: Json, caller: Caller) -> Json:
        declaration = params["pipeline"] | {"version": 1, "executionMode": MODE}
        _check(params["pipeline"])
        with self._lock:
            if declaration["name"] in self._pipelines:
                message = f"A pipeline with the name {declaration['name']} already exists"
                raise ServiceError("PipelineNameInUseException", message)
            self._pipelines[declaration["name"]] = Pipeline(declaration, time.time())
        return {"pipeline": declaration}

    def _get(self, params: Json, caller: Caller) -> Json:
        pipeline = self._pipeline(params["name"])
        moment = round(pipeline.created, 3)
        metadata = {"pipelineArn": pipeline_arn(pipeline.name), "created": moment, "updated": moment}
        return {"pipeline": pipeline.declaration, "metadata": metadata}

    def _list(self, params: Json, caller: Caller) -> Json:
        shown, more = page(sorted(self._pipelines), params, params.get("maxResults", PAGE), BAD_TOKEN)
        return {"pipelines": [_summary(self._pipelines[name]) for name in shown], **more}

    def _start(self, params: Json, caller: Caller) -> Json:
        for member in ("variables", "sourceRevisions"):
            if params.get(member):
                message = f"{member}: not offered by the simulator; leave it out"
                raise ServiceError("ValidationException", message)
        pipeline, token = self._pipeline(params["name"]), params.get("clientRequestToken")
        with self._lock:
            if token in pipeline.tokens:
                return {"pipelineExecutionId": pipeline.tokens[token]}
            now = time.time()
            execution = Execution(pipeline.name, pipeline.version, str(uuid.uuid4()), now, now, caller.arn)
            pipeline.executions.append(execution)
            if token:
                pipeline.tokens[token] = execution.id
        PipelineRun(pipeline, execution, self._runners, self._events).start()
        return {"pipelineExecutionId": execution.id}

    def _state(self, params: Json, caller: Caller) -> Json:
        pipeline = self._pipeline(params["name"])
        moment = round(pipeline.created, 3)
        return {
            "pipelineName": pipeline.name,
            "pipelineVersion": pipeline.version,
            "stageStates": [_stage_state(pipeline, stage) for stage in pipeline.declaration["stages"]],
            "created": moment,
            "updated": moment,
        }

    def _get_execution(self, params: Json, caller: Caller) -> Json:
        execution = self._execution(params["pipelineName"], params["pipelineExecutionId"])
        with execution.lock:
            revisions = [{"name": item.action, "revisionId": item.commit} for item in execution.revisions]
        shown = _common(execution) | {
            "pipelineName": execution.pipeline,
            "pipelineVersion": execution.version,
            "artifactRevisions": revisions,
        }
        return {"pipelineExecution": shown}

    def _list_executions(self, params: Json, caller: Caller) -> Json:
        if params.get("filter"):
            raise ServiceError("ValidationException", "filter: not offered by the simulator; leave it out")
        newest_first = self._pipeline(params["pipelineName"]).executions[::-1]
        shown, more = page(newest_first, params, params.get("maxResults", PAGE), BAD_TOKEN)
        return {"pipelineExecutionSummaries": [_execution_summary(item) for item in shown], **more}

    def _list_actions(self, params: Json, caller: Caller) -> Json:
        wanted = params.get("filter", {}).get("pipelineExecutionId")
        if wanted:
            executions = [self._execution(params["pipelineName"], wanted)]
        else:
            executions = self._pipeline(params["pipelineName"]).executions
        details = [_action_detail(item, action) for item in executions for action in list(item.actions)]
        shown, more = page(details[::-1], params, params.get("maxResults", PAGE), BAD_TOKEN)
        return {"actionExecutionDetails": shown, **more}

    def _pipeline(self, name: str) -> Pipeline:
        pipeline = self._pipelines.get(name)
        if pipeline is None:
            message = f"Account does not have a pipeline with name '{name}'"
            raise ServiceError("PipelineNotFoundException", message)
        return pipeline

    def _execution(self, name: str, execution_id: str) -> Execution:
        for execution in self._pipeline(name).executions:
            if execution.id == execution_id:
                return execution
        message = f"No execution of pipeline {name} has the id {execution_id}"
        raise ServiceError("PipelineExecutionNotFoundException", message)


def _check(declaration: Json) -> None:
    mode = declaration.get("executionMode", MODE)
    if mode != MODE:
        raise ServiceError(
            "InvalidStructureException", f"executionMode: the simulator offers {MODE}, not {mode}"
        )
    first = [action["actionTypeId"]["category"] for action in declaration["stages"][0]["actions"]]
    if len(declaration["stages"]) < 2 or first != ["Source"]:
        message = "The simulator offers pipelines of two stages or more, with one source action in the first"
        raise ServiceError("InvalidStructureException", message)
    for stage in declaration["stages"]:
        for member in ("onFailure", "onSuccess", "beforeEntry", "blockers"):
            if stage.get(member):
                message = f"stage {stage['name']}: {member} is not offered by the simulator"
                raise ServiceError("InvalidStageDeclarationException", message)
        for action in stage["actions"]:
            check_action(action)


def _summary(pipeline: Pipeline) -> Json:
    moment = round(pipeline.created, 3)
    return {
        "name": pipeline.name,
        "version": pipeline.version,
        "executionMode": MODE,
        "created": moment,
        "updated": moment,
    }


def _common(execution: Execution) -> Json:
    return {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": execution.trigger},
        "executionMode": MODE,
        "executionType": "STANDARD",
    }


def _execution_summary(execution: Execution) -> Json:
    with execution.lock:
        revisions = [{"actionName": item.action, "revisionId": item.commit} for item in execution.revisions]
        return _common(execution) | {
            "startTime": round(execution.started, 3),
            "lastUpdateTime": round(execution.updated, 3),
            "sourceRevisions": revisions,
        }


def _action_detail(execution: Execution, action: ActionExecution) -> Json:
    return {
        "pipelineExecutionId": execution.id,
        "actionExecutionId": action.id,
        "pipelineVersion": execution.version,
        "stageName": action.stage,
        "actionName": action.name,
        "startTime": round(action.started, 3),
        "lastUpdateTime": round(action.updated, 3),
        "status": action.status,
        "input": {
            "actionTypeId": action.declaration["actionTypeId"],
            "configuration": action.declaration.get("configuration", {}),
            "inputArtifacts": action.declaration.get("inputArtifacts", []),
        },
        "output": {
            "outputArtifacts": action.declaration.get("outputArtifacts", []),
            "executionResult": action.result(),
        },
    }


def _stage_state(pipeline: Pipeline, stage: Json) -> Json:
    name = stage["name"]
    latest = next((item for item in reversed(pipeline.executions) if name in item.stages), None)
    state: Json = {
        "stageName": name,
        "inboundTransitionState": {"enabled": True},
        "actionStates": [{"actionName": action["name"]} for action in stage["actions"]],
    }
    if latest:
        state["latestExecution"] = {"pipelineExecutionId": latest.id, "status": latest.stages[name]}
        state["actionStates"] = [_action_state(latest, name, action["name"]) for action in stage["actions"]]
    return state


def _action_state(execution: Execution, stage: str, name: str) -> Json:
    runs = [run for run in list(execution.actions) if (run.stage, run.name) == (stage, name)]
    if not runs:
        return {"actionName": name}
    run, result = runs[-1], runs[-1].result()
    latest = {
        "actionExecutionId": run.id,
        "status": run.status,
        "lastStatusChange": round(run.updated, 3),
        "externalExecutionId": run.external_id,
        "errorDetails": result.get("errorDetails"),
        "logStreamARN": run.log_stream,
    }
    return {"actionName": name, "latestExecution": present(latest)}


def _by_name(params: Json) -> list[str]:
    return [pipeline_arn(params["name"])]


def _by_pipeline_name(params: Json) -> list[str]:
    return [pipeline_arn(params["pipelineName"])]
