"""Pipelines, and how an execution runs from stage to stage."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby

from local.devtools import pipeline_events
from local.devtools.events import EventPublisher
from local.devtools.executions import (
    FAILED,
    IN_PROGRESS,
    SUCCEEDED,
    SUPERSEDED,
    ActionExecution,
    Execution,
    Failure,
    Retries,
)
from local.devtools.gates import Gates
from local.devtools.wire import Json

ALL_ACTIONS, FAILED_ACTIONS = "ALL_ACTIONS", "FAILED_ACTIONS"
AUTOMATED_RETRY, MANUAL_RETRY = "AutomatedStageRetry", "ManualStageRetry"


@dataclass
class Pipeline:
    """A pipeline's declaration as it stands and its executions in the order they were started."""

    declaration: Json
    created: float
    updated: float
    tags: dict[str, str] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    gates: Gates = field(default_factory=Gates)

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    @property
    def version(self) -> int:
        return int(self.declaration["version"])

    @property
    def stages(self) -> list[str]:
        return [str(stage["name"]) for stage in self.declaration["stages"]]


ActionRunner = Callable[[Execution, ActionExecution], Failure | None]
Ended = Callable[[Pipeline, Execution, str, Json | None], None]


@dataclass(frozen=True)
class Course:
    """Which stages an execution goes through, by index; ``resumed``: from one that it is in and that had failed."""

    first: int = 0
    last: int | None = None
    resumed: bool = False
    inside: bool = False
    retry_mode: str = ALL_ACTIONS


class PipelineRun:
    """Runs one execution. ``runners`` carry actions out, by provider, and say why one failed; ``ended`` is told the
    status that the execution comes to, and the stage that failed at last.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        execution: Execution,
        runners: dict[str, ActionRunner],
        events: EventPublisher,
        ended: Ended,
    ) -> None:
        self._pipeline, self._execution = pipeline, execution
        self._runners, self._events, self._ended = runners, events, ended

    def start(self, course: Course = Course()) -> None:
        name = f"pipeline-{self._execution.id}"
        threading.Thread(target=self._run, args=(course,), name=name, daemon=True).start()

    def _run(self, course: Course) -> None:
        state = "RESUMED" if course.resumed else "STARTED"
        self._events.publish(pipeline_events.pipeline_change(self._execution, state))
        status, failed_stage = FAILED, None
        try:
            status, failed_stage = self._through(course)
        finally:
            self._ended(self._pipeline, self._execution, status, failed_stage)

    def _through(self, course: Course) -> tuple[str, Json | None]:
        gates, stages = self._pipeline.gates, self._execution.declaration["stages"]
        for stage in stages[course.first : course.last]:
            inside, name = course.inside and stage is stages[course.first], stage["name"]
            if not inside and not gates.enter(name, self._execution):
                return SUPERSEDED, None
            try:
                succeeded = self._stage_succeeds(stage, course if inside else Course())
            finally:
                gates.leave(name)
            if not succeeded:
                return FAILED, stage
        return SUCCEEDED, None

    def _stage_succeeds(self, stage: Json, course: Course) -> bool:
        if self._attempt_succeeds(stage, course):
            return True
        on_failure = stage.get("onFailure", {})
        retries = self._execution.retries.setdefault(stage["name"], Retries())
        # CodePipeline retries a stage by itself once, and not one that a person has retried.
        if on_failure.get("result") != "RETRY" or retries.manual or retries.automatic:
            return False
        mode = on_failure.get("retryConfiguration", {}).get("retryMode", ALL_ACTIONS)
        with self._execution.lock:
            retries.automatic, retries.latest = retries.automatic + 1, AUTOMATED_RETRY
            self._execution.attempt += 1
        return self._attempt_succeeds(stage, Course(resumed=True, retry_mode=mode))

    def _attempt_succeeds(self, stage: Json, course: Course) -> bool:
        actions = self._actions(stage, course)
        self._stage_is(stage, IN_PROGRESS, "RESUMED" if course.resumed else "STARTED")
        status = FAILED
        try:
            groups = [list(group) for _, group in groupby(actions, key=_run_order)]
            status = SUCCEEDED if all(self._group_succeeds(stage, group) for group in groups) else FAILED
        finally:
            self._stage_is(stage, status, status.upper())
        return status == SUCCEEDED

    def _actions(self, stage: Json, course: Course) -> list[Json]:
        actions = sorted(stage["actions"], key=_run_order)
        if course.retry_mode == ALL_ACTIONS:
            return actions
        latest = {action["name"]: self._execution.latest(stage["name"], action["name"]) for action in actions}
        return [
            action for action in actions if (run := latest[action["name"]]) is None or run.status == FAILED
        ]

    def _group_succeeds(self, stage: Json, actions: list[Json]) -> bool:
        with ThreadPoolExecutor(max_workers=len(actions)) as pool:
            return all(list(pool.map(lambda action: self._action_succeeds(stage["name"], action), actions)))

    def _action_succeeds(self, stage: str, declaration: Json) -> bool:
        now = time.time()
        action = ActionExecution(stage, declaration, str(uuid.uuid4()), now, now)
        with self._execution.lock:
            self._execution.actions.append(action)
        self._action_is(action, "STARTED")
        # An error of the simulator itself must not leave an action running for ever.
        failure: Failure | None = ("InternalError", "The simulator failed; see its own log.")
        try:
            failure = self._runners[declaration["actionTypeId"]["provider"]](self._execution, action)
        finally:
            with self._execution.lock:
                action.end(failure)
                self._action_is(action, action.status.upper())
        return action.status == SUCCEEDED

    def _stage_is(self, stage: Json, status: str, state: str) -> None:
        with self._execution.lock:
            self._execution.stages[stage["name"]] = status
            self._execution.updated = time.time()
            self._events.publish(pipeline_events.stage_change(self._execution, stage["name"], state))

    def _action_is(self, action: ActionExecution, state: str) -> None:
        self._events.publish(pipeline_events.action_change(self._execution, action, state))


def _run_order(action: Json) -> int:
    return int(action.get("runOrder", 1))
