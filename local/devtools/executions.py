"""Pipelines' executions and what they did."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from local.devtools.builds import present
from local.devtools.wire import Json

IN_PROGRESS, SUCCEEDED, FAILED, SUPERSEDED = "InProgress", "Succeeded", "Failed", "Superseded"
Failure = tuple[str, str]  # the code and message of an action's error


@dataclass(frozen=True)
class Revision:
    """The commit that a source action found in a local repository."""

    action: str
    location: str
    commit: str


@dataclass
class ActionExecution:
    """One run of an action; ``external_id`` names the build or deployment that it started, ``variables``
    are what it tells later actions."""

    stage: str
    declaration: Json
    id: str
    started: float
    updated: float
    status: str = IN_PROGRESS
    external_id: str | None = None
    summary: str | None = None
    error: Failure | None = None
    log_stream: str | None = None
    variables: Json = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    def end(self, failure: Failure | None) -> None:
        """Come to an end, a bad one where there is a failure."""
        self.error, self.updated = failure, time.time()
        self.status = FAILED if failure else SUCCEEDED

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


@dataclass(frozen=True)
class Trigger:
    """Why there is an execution: ``kind`` is a TriggerType of CodePipeline, ``detail`` who or what it was."""

    kind: str
    detail: str


@dataclass
class Retries:
    """How often a stage of an execution was retried, and by whom last (a RetryTrigger of CodePipeline)."""

    manual: int = 0
    automatic: int = 0
    latest: str = ""


@dataclass
class Execution:
    """One run of a pipeline in the structure that it was started with.

    ``stages`` holds the status of each stage that was entered, ``attempt`` counts the retries of stages,
    ``target`` is the execution that a rollback goes back to.
    """

    declaration: Json
    id: str
    started: float
    updated: float
    trigger: Trigger
    target: str | None = None
    status: str = IN_PROGRESS
    attempt: int = 1
    stages: dict[str, str] = field(default_factory=dict)
    actions: list[ActionExecution] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    retries: dict[str, Retries] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def pipeline(self) -> str:
        return str(self.declaration["name"])

    @property
    def version(self) -> int:
        return int(self.declaration["version"])

    @property
    def mode(self) -> str:
        return str(self.declaration["executionMode"])

    @property
    def kind(self) -> str:
        """The ExecutionType."""
        return "ROLLBACK" if self.target else "STANDARD"

    def latest(self, stage: str, action: str) -> ActionExecution | None:
        """The last run of an action."""
        with self.lock:
            runs = [run for run in self.actions if (run.stage, run.name) == (stage, action)]
        return runs[-1] if runs else None

    def found(self, revision: Revision) -> None:
        """Note what a source action found; what it found in an earlier attempt counts no longer."""
        with self.lock:
            self.revisions = [item for item in self.revisions if item.action != revision.action]
            self.revisions.append(revision)
