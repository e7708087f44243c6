"""Pipelines, their executions, and how an execution runs from stage to stage."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby

from local.devtools import pipeline_events
from local.devtools.builds import present
from local.devtools.events import EventPublisher
from local.devtools.wire import Json

IN_PROGRESS, SUCCEEDED, FAILED = "InProgress", "Succeeded", "Failed"


@dataclass(frozen=True)
class Revision:
    """The commit that a source action found in a local repository."""

    action: str
    location: str
    commit: str


@dataclass
class ActionExecution:
    """One run of an action; ``external_id`` names the build or deployment that it started."""

    stage: str
    declaration: Json
    id: str
    started: float
    updated: float
    status: str = IN_PROGRESS
    external_id: str | None = None
    summary: str | None = None
    error: tuple[str, str] | None = None
    log_stream: str | None = None

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    def fail(self, message: str, code: str = "JobFailed") -> None:
        self.status, self.error = FAILED, (code, message)

    def result(self) -> Json:
        """What came of it, as ListActionExecutions shows it."""
        error = {"code": self.error[0], "message": self.error[1]} if self.error else None
        return present(
            {
                "externalExecutionId": self.external_id,
                "externalExecutionSummary": self.summary,
                "errorDetails": error,
                "logStreamARN": self.log_stream,
            }
        )


@dataclass
class Execution:
    """One run of a pipeline. ``stages`` holds the status of each stage that was entered."""

    pipeline: str
    version: int
    id: str
    started: float
    updated: float
    trigger: str
    status: str = IN_PROGRESS
    stages: dict[str, str] = field(default_factory=dict)
    actions: list[ActionExecution] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass
class Pipeline:
    """A pipeline's declaration and its executions in the order they were started."""

    declaration: Json
    created: float
    executions: list[Execution] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    @property
    def version(self) -> int:
        return int(self.declaration["version"])


ActionRunner = Callable[[Execution, ActionExecution], None]


class PipelineRun:
    """Runs one execution; ``runners`` carry actions out, by provider.

    The stages are run from an index on, so that a stage of an old execution can be run again.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        execution: Execution,
        runners: dict[str, ActionRunner],
        events: EventPublisher,
    ) -> None:
        self._pipeline, self._execution = pipeline, execution
        self._runners, self._events = runners, events

    def start(self, first_stage: int = 0) -> None:
        name = f"pipeline-{self._execution.id}"
        threading.Thread(target=self._run, args=(first_stage,), name=name, daemon=True).start()

    def _run(self, first_stage: int) -> None:
        # One execution at a time: the mode that CodePipeline calls QUEUED.
        with self._pipeline.turn:
            self._pipeline_is("STARTED")
            status = FAILED
            try:
                stages = self._pipeline.declaration["stages"][first_stage:]
                status = SUCCEEDED if all(self._stage_succeeds(stage) for stage in stages) else FAILED
            finally:
                with self._execution.lock:
                    self._execution.status, self._execution.updated = status, time.time()
                self._pipeline_is(status.upper())

    def _stage_succeeds(self, stage: Json) -> bool:
        self._stage_is(stage, IN_PROGRESS, "STARTED")
        status = FAILED
        try:
            actions = sorted(stage["actions"], key=_run_order)
            groups = [list(group) for _, group in groupby(actions, key=_run_order)]
            status = SUCCEEDED if all(self._group_succeeds(stage, group) for group in groups) else FAILED
        finally:
            self._stage_is(stage, status, status.upper())
        return status == SUCCEEDED

    def _group_succeeds(self, stage: Json, actions: list[Json]) -> bool:
        with ThreadPoolExecutor(max_workers=len(actions)) as pool:
            return all(list(pool.map(lambda action: self._action_succeeds(stage["name"], action), actions)))

    def _action_succeeds(self, stage: str, declaration: Json) -> bool:
        now = time.time()
        action = ActionExecution(stage, declaration, str(uuid.uuid4()), now, now)
        with self._execution.lock:
            self._execution.actions.append(action)
        self._action_is(action, "STARTED")
        try:
            self._runners[declaration["actionTypeId"]["provider"]](self._execution, action)
        finally:
            if action.status == IN_PROGRESS:
                action.fail("The simulator failed; see its own log.", "InternalError")
            action.updated = time.time()
            self._action_is(action, action.status.upper())
        return action.status == SUCCEEDED

    def _pipeline_is(self, state: str) -> None:
        self._events.publish(pipeline_events.pipeline_change(self._execution, state))

    def _stage_is(self, stage: Json, status: str, state: str) -> None:
        with self._execution.lock:
            self._execution.stages[stage["name"]] = status
            self._execution.updated = time.time()
        self._events.publish(pipeline_events.stage_change(self._execution, stage["name"], state))

    def _action_is(self, action: ActionExecution, state: str) -> None:
        self._events.publish(pipeline_events.action_change(self._execution, action, state))


def _run_order(action: Json) -> int:
    return int(action.get("runOrder", 1))
