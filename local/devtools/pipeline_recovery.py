"""Retrying and rolling back a stage: what CodePipeline refuses, and the execution that comes of it.

Source: AWS CodePipeline user guide, "Configuring stage retry" and "Configuring stage rollback", and the errors
of its API reference.
"""

from __future__ import annotations

import time
import uuid

from local.devtools.errors import ServiceError
from local.devtools.executions import FAILED, IN_PROGRESS, SUCCEEDED, Execution, Retries, Trigger
from local.devtools.pipelines import MANUAL_RETRY, Course, Pipeline

MOST_EXECUTIONS = 50


def retry(pipeline: Pipeline, stage: str, execution_id: str, mode: str) -> tuple[Execution, Course]:
    """Put the execution back into its failed stage, or refuse; one that is let in cannot be retried once more."""
    index = stage_index(pipeline, stage)
    check_room(pipeline)
    execution = pipeline.gates.latest(stage)
    if execution is None or execution.id != execution_id:
        message = f"{execution_id} is not the latest execution in stage {stage}"
        raise ServiceError("NotLatestPipelineExecutionException", message)
    if execution.version != pipeline.version:
        raise _not_retryable("The pipeline's structure has changed since the stage failed")
    with execution.lock:
        # The pipeline's own end comes a moment after that of its stage.
        if execution.stages.get(stage) != FAILED or execution.status == IN_PROGRESS:
            raise _not_retryable(f"Stage {stage} has no failed actions, or is in progress")
        if not pipeline.gates.take(stage, execution):
            raise _not_retryable(f"Stage {stage} is in progress")
        retries = execution.retries.setdefault(stage, Retries())
        retries.manual, retries.latest = retries.manual + 1, MANUAL_RETRY
        execution.attempt += 1
        execution.status = execution.stages[stage] = IN_PROGRESS
    return execution, Course(first=index, resumed=True, inside=True, retry_mode=mode)


def roll_back(pipeline: Pipeline, stage: str, target_id: str, trigger: Trigger) -> tuple[Execution, Course]:
    """A new execution in the stage, of the revisions of the target, or a refusal. It leaves other stages alone."""
    index = stage_index(pipeline, stage)
    target = find_execution(pipeline, target_id)
    if refusal := _no_rollback(pipeline, index, stage, target):
        raise _unable(refusal)
    now = time.time()
    execution = Execution(pipeline.declaration, str(uuid.uuid4()), now, now, trigger, target=target.id)
    execution.revisions = list(target.revisions)
    if not pipeline.gates.take(stage, execution):
        raise _unable(f"Stage {stage} is currently running")
    pipeline.executions.append(execution)
    return execution, Course(first=index, last=index + 1, inside=True)


def last_good(pipeline: Pipeline, stage: str) -> Execution | None:
    """What an automatic rollback goes back to: the latest execution that a rollback of the stage may have."""
    index = stage_index(pipeline, stage)
    candidates = (
        item for item in reversed(pipeline.executions) if not _no_rollback(pipeline, index, stage, item)
    )
    return next(candidates, None)


def stage_index(pipeline: Pipeline, stage: str) -> int:
    """Where a stage stands in its pipeline."""
    if stage not in pipeline.stages:
        message = f"Pipeline {pipeline.name} has no stage with the name {stage}"
        raise ServiceError("StageNotFoundException", message)
    return pipeline.stages.index(stage)


def find_execution(pipeline: Pipeline, execution_id: str) -> Execution:
    """The execution with this id."""
    for execution in pipeline.executions:
        if execution.id == execution_id:
            return execution
    message = f"No execution of pipeline {pipeline.name} has the id {execution_id}"
    raise ServiceError("PipelineExecutionNotFoundException", message)


def check_room(pipeline: Pipeline) -> None:
    """Refuse one execution more than a pipeline may have under way."""
    if sum(item.status == IN_PROGRESS for item in pipeline.executions) >= MOST_EXECUTIONS:
        message = f"Pipeline {pipeline.name} has {MOST_EXECUTIONS} executions in progress"
        raise ServiceError("ConcurrentPipelineExecutionsLimitExceededException", message)


def _no_rollback(pipeline: Pipeline, index: int, stage: str, target: Execution) -> str:
    if index == 0:
        return f"Stage {stage} is a source stage, which cannot be rolled back"
    if target.kind != "STANDARD":
        return f"Execution {target.id} is itself a rollback"
    if target.version != pipeline.version:
        return f"The pipeline's structure has changed since execution {target.id} was started"
    if target.stages.get(stage) != SUCCEEDED:
        return f"Execution {target.id} did not succeed in stage {stage}"
    return ""


def _not_retryable(message: str) -> ServiceError:
    return ServiceError("StageNotRetryableException", message)


def _unable(message: str) -> ServiceError:
    return ServiceError("UnableToRollbackStageException", message)
