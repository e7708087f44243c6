"""CodePipeline in memory, as far as remedies go: one pipeline ``shop`` whose stage ``Deploy`` failed."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from selfheal.domain.errors import RequestRejected, RunNotFound
from selfheal.domain.run import PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.remedy_ports import Execution, StageAttempt, StageDetails
from selfheal.testing.builders import COMMIT, a_run
from selfheal.testing.service import FixedClock

DEPLOY = PipelineKey(Service.CODEPIPELINE, "shop/Deploy")
FAILED, GOOD, OLDER = (f"{n}0000000-0000-0000-0000-000000000000" for n in (3, 2, 1))


def a_stage_run(status: RunStatus = RunStatus.FAILED, attempt: int = 1, **changes: object) -> Run:
    """The attempt of the stage ``Deploy`` that failed at noon after a minute."""
    run = a_run(f"shop/Deploy/{FAILED}/{attempt}", status, initiator="developer", log=None)
    run = replace(run, ref=RunRef(DEPLOY, run.ref.run_id))
    return replace(run, **changes)  # type: ignore[arg-type]


@dataclass
class FakeStages:
    """Stages. ``builds`` says which attempt ran which build; ``made`` are the rollbacks: execution, target, moment.

    ``written_by`` is what the source tells of the commit's author.

    ``unfinished``: the attempt's own action is under way.
    ``crash_after_start`` makes the next change happen and the caller not hear of it.
    """

    clock: FixedClock = field(default_factory=FixedClock)
    stage: StageDetails = field(
        default_factory=lambda: StageDetails(True, 7, latest_execution=FAILED, latest_status="Failed")
    )
    attempts: int = 1
    builds: dict[str, StageAttempt] = field(default_factory=dict)
    executions: dict[str, Execution] = field(
        default_factory=lambda: {
            FAILED: Execution(FAILED, 7, COMMIT),
            GOOD: Execution(GOOD, 7, "9" * 40),
            OLDER: Execution(OLDER, 6, "8" * 40),
        }
    )
    passed: list[str] = field(default_factory=lambda: [GOOD, OLDER])
    made: list[tuple[str, str, datetime]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    crash_after_start: bool = False
    unfinished: bool = False
    written_by: tuple[str, ...] = ()
    pipeline: str = "shop"

    def of_build(self, pipeline: str, build_id: str) -> StageAttempt | None:
        """Stages."""
        if pipeline != self.pipeline:
            raise RunNotFound(f"{pipeline}: CodePipeline knows no such pipeline")
        return self.builds.get(build_id)

    def authors(self, attempt: StageAttempt) -> tuple[str, ...]:
        """Stages."""
        return self.written_by

    def last_attempt(self, attempt: StageAttempt) -> int:
        """Stages."""
        return self.attempts

    def at_work(self, attempt: StageAttempt) -> bool:
        """Stages."""
        return self.unfinished

    def details(self, pipeline: str, stage: str) -> StageDetails:
        """Stages."""
        return self.stage

    def execution(self, pipeline: str, execution: str) -> Execution:
        """Stages."""
        if execution not in self.executions:
            raise RunNotFound(f"{execution}: CodePipeline knows no such run of {pipeline}")
        return self.executions[execution]

    def succeeded_in(self, pipeline: str, stage: str) -> list[str]:
        """Stages."""
        return list(self.passed)

    def rolled_back_since(self, pipeline: str, since: datetime) -> list[tuple[str, str]]:
        """Stages."""
        return [(execution, target) for execution, target, at in reversed(self.made) if at >= since]

    def retry(self, attempt: StageAttempt) -> None:
        """Stages."""
        if self.stage.latest_status != "Failed":
            raise RequestRejected("codepipeline:RetryStageExecution: StageNotRetryableException")
        self.attempts += 1
        self.stage = replace(self.stage, latest_status="InProgress")
        self._changed("retry", attempt.execution)

    def roll_back(self, pipeline: str, stage: str, target: str) -> str:
        """Stages."""
        if self.stage.latest_status == "InProgress":
            raise RequestRejected("codepipeline:RollbackStage: UnableToRollbackStageException")
        execution = f"rollback-{len(self.made) + 1}"
        self.made.append((execution, target, self.clock.now()))
        self.executions[execution] = Execution(execution, 7, self.executions[target].commit, rollback=True)
        self.stage = replace(self.stage, latest_execution=execution, latest_status="InProgress")
        self._changed("roll_back", target)
        return execution

    def hold(self, pipeline: str, stage: str, reason: str) -> None:
        """Stages."""
        self.stage = replace(self.stage, held=True, hold_reason=reason)
        self._changed("hold", stage)

    def release(self, pipeline: str, stage: str) -> None:
        """Stages."""
        self.stage = replace(self.stage, held=False, hold_reason="")
        self._changed("release", stage)

    def _changed(self, how: str, what: str) -> None:
        self.changed.append((how, what))
        if self.crash_after_start:
            self.crash_after_start = False
            raise ConnectionError("the function died here")
