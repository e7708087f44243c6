"""hold_stage: let nothing more into the stage until a person has looked (DisableStageTransition)."""

from collections.abc import Iterator
from datetime import datetime

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import ActionRefused
from selfheal.domain.incident import IncidentKind
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, Service
from selfheal.remedies.stages import READS_STAGES, key_of, reason_of, stage_of
from selfheal.remedy_ports import Tools

REMEDY = Remedy(
    id="hold_stage",
    summary="close the way into the stage until a person opens it again",
    causes=frozenset({Cause.DEPLOY_FAILURE}),
    risk=Risk.CHANGES,
    iam_actions=READS_STAGES | {"codepipeline:DisableStageTransition", "codepipeline:EnableStageTransition"},
    undo="open it again: aws codepipeline enable-stage-transition --pipeline-name PIPELINE --stage-name STAGE "
    "--transition-type Inbound",
    services=frozenset({Service.CODEPIPELINE}),
    kinds=frozenset({IncidentKind.FAILED, IncidentKind.HARMFUL}),
    needs_transient=False,
    awaits=False,
)


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule."""
    return reason_of(_check, run, tools)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    attempt, _ = stage_of(run, tools)
    return Plan(REMEDY.id, f"{attempt.pipeline}/{attempt.stage}", run.source_version, {}, key_of(attempt))


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule. Starts no run; closing what is closed changes nothing."""
    del run, token
    pipeline, stage = plan.target.split("/")
    tools.stages.hold(pipeline, stage, _because(tools))
    return ""


def find(run: Run, tools: Tools, since: datetime) -> Iterator[str]:
    """See RemedyModule. There is no run to be lost."""
    del run, tools, since
    return iter(())


def undo(plan: Plan, run: Run, tools: Tools) -> None:
    """Open the way again, if it is closed for this incident."""
    del run
    pipeline, stage = plan.target.split("/")
    details = tools.stages.details(pipeline, stage)
    if details.held and details.hold_reason != _because(tools):
        raise ActionRefused(f"{stage} is held by somebody else: {details.hold_reason}")
    if details.held:
        tools.stages.release(pipeline, stage)


def _check(run: Run, tools: Tools) -> None:
    attempt, details = stage_of(run, tools)
    if details.first:
        raise ActionRefused(f"{attempt.stage} is the first stage: there is no way into it to close")
    if details.held and details.hold_reason != _because(tools):
        raise ActionRefused(f"{attempt.stage} is held already: {details.hold_reason}")


def _because(tools: Tools) -> str:
    """The reason that people see in the pipeline (CodePipeline allows letters, digits and few signs)."""
    return f"Selfheal holds this stage for incident {tools.case.incident_id}"
