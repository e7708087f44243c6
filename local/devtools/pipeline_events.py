"""CodePipeline's events, in the shape the service gives them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local.devtools.builds import ACCOUNT, REGION, present
from local.devtools.events import Event
from local.devtools.wire import Json

if TYPE_CHECKING:
    from local.devtools.executions import ActionExecution, Execution


def pipeline_arn(name: str) -> str:
    return f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{name}"


def pipeline_change(execution: Execution, state: str) -> Event:
    trigger = {"trigger-type": execution.trigger.kind, "trigger-detail": execution.trigger.detail}
    return _event(execution, "Pipeline", state, {"execution-trigger": trigger})


def stage_change(execution: Execution, stage: str, state: str) -> Event:
    return _event(execution, "Stage", state, {"stage": stage})


def action_change(execution: Execution, action: ActionExecution, state: str) -> Event:
    kind = action.declaration["actionTypeId"]
    result = present(
        {
            "external-execution-id": action.external_id,
            "external-execution-summary": action.summary or (action.error[1] if action.error else None),
            "error-code": action.error[0] if action.error else None,
        }
    )
    detail = {
        "stage": action.stage,
        "action": action.name,
        "action-execution-id": action.id,
        "region": REGION,
        "type": {member: kind[member] for member in ("owner", "provider", "category", "version")},
        "execution-result": result or None,
    }
    return _event(execution, "Action", state, detail)


def _event(execution: Execution, level: str, state: str, more: Json) -> Event:
    started = datetime.fromtimestamp(execution.started, UTC)
    detail = {
        "pipeline": execution.pipeline,
        "execution-id": execution.id,
        "start-time": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "state": state,
        "version": float(execution.version),
        "pipeline-execution-attempt": float(execution.attempt),
        **more,
    }
    return Event(
        "codepipeline",
        f"CodePipeline {level} Execution State Change",
        execution.pipeline,
        (pipeline_arn(execution.pipeline),),
        present(detail),
        time.time(),
    )
