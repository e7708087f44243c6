"""retry_stage: the failed actions of a stage once more (RetryStageExecution)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from selfheal.domain.action import Plan
from selfheal.domain.errors import ActionRefused, StageUnfinished
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, Service
from selfheal.remedies import retry_build
from selfheal.remedies.stages import READS_STAGES, attempt_of, check_latest, key_of, reason_of, stage_of
from selfheal.remedy_ports import StageAttempt, StageDetails, Tools

REMEDY = Remedy(
    id="retry_stage",
    summary="run the failed actions of the stage again",
    causes=retry_build.REMEDY.causes,  # what passes by itself does so in a stage as well
    risk=Risk.REPEATS,
    iam_actions=READS_STAGES | {"codepipeline:RetryStageExecution"},
    undo="stop the execution: aws codepipeline stop-pipeline-execution --abandon --pipeline-name PIPELINE "
    "--pipeline-execution-id EXECUTION",
    services=frozenset({Service.CODEPIPELINE}),
)


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule. Raises StageUnfinished while the stage of a build that failed has not ended."""
    return reason_of(_check, run, tools)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    after = _next(attempt_of(run, tools))
    target = f"{after.pipeline}/{after.stage}/{after.execution}"
    return Plan(REMEDY.id, target, run.source_version, {"attempt": str(after.number)}, key_of(after))


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule. CodePipeline takes no token: it refuses while the stage is at work."""
    del run, token
    pipeline, stage, execution = plan.target.split("/")
    attempt = StageAttempt(pipeline, stage, execution, int(plan.parameters["attempt"]))
    tools.stages.retry(attempt)
    return attempt.run_id


def find(run: Run, tools: Tools, since: datetime) -> Iterator[str]:
    """See RemedyModule. Before the intent there was no later attempt (preflight): whoever made one since then, a
    second one must not be made, and its end tells whether another attempt helped."""
    del since
    attempt = attempt_of(run, tools)
    if _went_on(attempt, tools.stages.details(attempt.pipeline, attempt.stage), tools):
        yield _next(attempt).run_id


def _check(run: Run, tools: Tools) -> None:
    if not run.status.failed:
        raise ActionRefused(f"the run is {run.status}: only what failed is retried")
    attempt, details = stage_of(run, tools)
    check_latest(attempt, details)
    # CodePipeline hears of a build's end some seconds after the build's own event.
    if tools.stages.at_work(attempt):
        raise StageUnfinished(f"{attempt.run_id}: the stage {attempt.stage} has not ended yet")
    if tools.case.ours(attempt.run_id):
        raise ActionRefused("this attempt was Selfheal's own retry: it is not retried once more")
    if _went_on(attempt, details, tools):
        raise ActionRefused(f"somebody was faster: the stage {attempt.stage} has been retried already")
    if tools.stages.execution(attempt.pipeline, attempt.execution).structure != details.structure:
        raise ActionRefused("the pipeline was changed since, so CodePipeline does not retry this execution")


def _went_on(attempt: StageAttempt, details: StageDetails, tools: Tools) -> bool:
    """Whether there is a later attempt. The stage's state knows of one before its first action is listed."""
    ours = details.latest_execution == attempt.execution
    return ours and (details.latest_status != "Failed" or tools.stages.last_attempt(attempt) > attempt.number)


def _next(attempt: StageAttempt) -> StageAttempt:
    return replace(attempt, number=attempt.number + 1)
