"""Pipelines and their executions as CodePipeline's replies show them."""

from __future__ import annotations

from local.devtools.builds import present
from local.devtools.executions import ActionExecution, Execution
from local.devtools.gates import Gates
from local.devtools.pipelines import Pipeline
from local.devtools.wire import Json


def summary(pipeline: Pipeline) -> Json:
    """An item of ListPipelines."""
    return {
        "name": pipeline.name,
        "version": pipeline.version,
        "executionMode": pipeline.declaration["executionMode"],
        "pipelineType": pipeline.declaration["pipelineType"],
        "created": round(pipeline.created, 3),
        "updated": round(pipeline.updated, 3),
    }


def state(pipeline: Pipeline) -> Json:
    """The reply of GetPipelineState."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version,
        "stageStates": [_stage_state(pipeline.gates, stage) for stage in pipeline.declaration["stages"]],
        "created": round(pipeline.created, 3),
        "updated": round(pipeline.updated, 3),
    }


def execution_detail(execution: Execution) -> Json:
    """The pipelineExecution of GetPipelineExecution."""
    with execution.lock:
        revisions = [{"name": item.action, "revisionId": item.commit} for item in execution.revisions]
        return _common(execution) | {
            "pipelineName": execution.pipeline,
            "pipelineVersion": execution.version,
            "artifactRevisions": revisions,
        }


def execution_summary(execution: Execution) -> Json:
    """An item of ListPipelineExecutions."""
    with execution.lock:
        revisions = [{"actionName": item.action, "revisionId": item.commit} for item in execution.revisions]
        return _common(execution) | {
            "startTime": round(execution.started, 3),
            "lastUpdateTime": round(execution.updated, 3),
            "sourceRevisions": revisions,
        }


def action_detail(execution: Execution, action: ActionExecution) -> Json:
    """An item of ListActionExecutions."""
    with execution.lock:
        return _action_detail(execution, action)


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
            "outputVariables": action.variables,
        },
    }


def _common(execution: Execution) -> Json:
    target = execution.target
    return present(
        {
            "pipelineExecutionId": execution.id,
            "status": execution.status,
            "trigger": {"triggerType": execution.trigger.kind, "triggerDetail": execution.trigger.detail},
            "executionMode": execution.mode,
            "executionType": execution.kind,
            "rollbackMetadata": {"rollbackTargetPipelineExecutionId": target} if target else None,
        }
    )


def _stage_state(gates: Gates, stage: Json) -> Json:
    name = stage["name"]
    latest, transition = gates.latest(name), gates.transition(name)
    inbound = [_in_stage(execution, "InProgress") for execution in gates.waiting(name)]
    shown: Json = {
        "stageName": name,
        "inboundExecution": inbound[0] if inbound else None,
        "inboundExecutions": inbound or None,
        "inboundTransitionState": present(
            {
                "enabled": transition.enabled,
                "lastChangedBy": transition.by or None,
                "lastChangedAt": round(transition.at, 3) if transition.at else None,
                "disabledReason": transition.reason or None,
            }
        ),
        "actionStates": [{"actionName": action["name"]} for action in stage["actions"]],
    }
    return present(shown | (_latest(latest, stage) if latest else {}))


def _latest(execution: Execution, stage: Json) -> Json:
    name = stage["name"]
    with execution.lock:
        return {
            "actionStates": [_action_state(execution, name, action["name"]) for action in stage["actions"]],
            "latestExecution": _in_stage(execution, execution.stages.get(name, "InProgress")),
            "retryStageMetadata": _retries(execution, name),
        }


def _in_stage(execution: Execution, status: str) -> Json:
    return {"pipelineExecutionId": execution.id, "status": status, "type": execution.kind}


def _retries(execution: Execution, stage: str) -> Json | None:
    retries = execution.retries.get(stage)
    if retries is None or not retries.latest:
        return None
    counts = {"autoStageRetryAttempt": retries.automatic, "manualStageRetryAttempt": retries.manual}
    return {name: count for name, count in counts.items() if count} | {"latestRetryTrigger": retries.latest}


def _action_state(execution: Execution, stage: str, name: str) -> Json:
    run = execution.latest(stage, name)
    if run is None:
        return {"actionName": name}
    latest = {
        "actionExecutionId": run.id,
        "status": run.status,
        "lastStatusChange": round(run.updated, 3),
        "externalExecutionId": run.external_id,
        "errorDetails": run.result().get("errorDetails"),
        "logStreamARN": run.log_stream,
    }
    return {"actionName": name, "latestExecution": present(latest)}
