"""roll_back_stage: put the stage back to what last passed it (RollbackStage)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import ActionRefused
from selfheal.domain.incident import IncidentKind
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, Service
from selfheal.remedies.stages import READS_STAGES, attempt_of, check_latest, key_of, reason_of, stage_of
from selfheal.remedy_ports import Execution, StageAttempt, StageDetails, Tools

REMEDY = Remedy(
    id="roll_back_stage",
    summary="roll the stage back to the last execution that passed it",
    causes=frozenset({Cause.DEPLOY_FAILURE}),
    risk=Risk.REPLACES,
    iam_actions=READS_STAGES | {"codepipeline:ListPipelineExecutions", "codepipeline:RollbackStage"},
    undo="release the newer revision again: aws codepipeline start-pipeline-execution --name PIPELINE",
    services=frozenset({Service.CODEPIPELINE}),
    kinds=frozenset({IncidentKind.FAILED, IncidentKind.HARMFUL}),
    needs_transient=False,
    made_for=frozenset({Cause.DEPLOY_FAILURE}),
)

CANDIDATES = 10


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule."""
    return reason_of(plan, run, tools)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    attempt, details = stage_of(run, tools)
    _check(attempt, details, tools, failed=run.status.failed)
    target = _last_good(attempt, details, tools)
    stage = f"{attempt.pipeline}/{attempt.stage}"
    return Plan(
        REMEDY.id, stage, target.commit, {"from": attempt.execution, "to": target.id}, key_of(attempt)
    )


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule. CodePipeline takes no token: it refuses while the stage is at work."""
    del run, token
    pipeline, stage = plan.target.split("/")
    execution = tools.stages.roll_back(pipeline, stage, plan.parameters["to"])
    return StageAttempt(pipeline, stage, execution, 1).run_id


def find(run: Run, tools: Tools, since: datetime) -> Iterator[str]:
    """See RemedyModule. A rollback of another stage is one to an execution that need not have passed this one."""
    attempt = attempt_of(run, tools)
    passed = set(tools.stages.succeeded_in(attempt.pipeline, attempt.stage))
    for execution, target in tools.stages.rolled_back_since(attempt.pipeline, since):
        if target in passed:
            yield StageAttempt(attempt.pipeline, attempt.stage, execution, 1).run_id


def _check(attempt: StageAttempt, details: StageDetails, tools: Tools, *, failed: bool) -> None:
    """What RollbackStage would refuse, and what would undo somebody else's work."""
    if details.first:
        raise ActionRefused(f"{attempt.stage} is the source stage, which cannot be rolled back")
    if not details.rolls_back:
        raise ActionRefused("only stages of V2 pipelines can be rolled back")
    check_latest(attempt, details, failed=failed)
    if details.latest_status == "InProgress":
        raise ActionRefused(f"the stage {attempt.stage} is at work")
    if tools.stages.execution(attempt.pipeline, attempt.execution).rollback:
        raise ActionRefused("this execution is itself a rollback")


def _last_good(attempt: StageAttempt, details: StageDetails, tools: Tools) -> Execution:
    """The last execution before this one that passed the stage, did no harm there, and that CodePipeline will go back
    to."""
    passed = (i for i in tools.stages.succeeded_in(attempt.pipeline, attempt.stage) if i != attempt.execution)
    for execution in islice(passed, CANDIDATES):
        found = tools.stages.execution(attempt.pipeline, execution)
        if found.structure == details.structure and not found.rollback and not _harmed(attempt, found, tools):
            return found
    raise ActionRefused(
        f"no earlier execution passed {attempt.stage} without harm since the pipeline was last changed"
    )


def _harmed(attempt: StageAttempt, execution: Execution, tools: Tools) -> bool:
    """Whether what the execution put into the stage was found to harm users; its last attempt is what put it there."""
    there = replace(attempt, execution=execution.id, number=1)
    return tools.case.harmed(replace(there, number=tools.stages.last_attempt(there)).run_id)
