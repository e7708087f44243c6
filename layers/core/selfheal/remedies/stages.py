"""What the remedies that work on stages have in common: which attempt is meant, and what forbids to touch it."""

from collections.abc import Callable

from selfheal.domain.errors import ActionRefused, RunNotFound
from selfheal.domain.run import PipelineKey, Run, Service
from selfheal.remedies.builds import untagged
from selfheal.remedy_ports import StageAttempt, StageDetails, Tools

READS_STAGES = frozenset(
    {
        "codepipeline:GetPipeline",
        "codepipeline:GetPipelineState",
        "codepipeline:GetPipelineExecution",
        "codepipeline:ListActionExecutions",
        "codepipeline:ListTagsForResource",
    }
)
_BY_ITSELF = {"RETRY": "retries", "ROLLBACK": "rolls back", "SKIP": "skips"}
_PARTS = 4


def attempt_of(run: Run, tools: Tools) -> StageAttempt:
    """The attempt of a stage that this run is, or that this build belongs to. Raises ActionRefused."""
    if run.ref.key.service is Service.CODEPIPELINE:
        parts = run.ref.run_id.split("/")
        if len(parts) == _PARTS and parts[3].isdecimal():
            return StageAttempt(parts[0], parts[1], parts[2], int(parts[3]))
    if not run.pipeline:
        raise ActionRefused(f"{run.ref.run_id} belongs to no stage of a pipeline")
    found = tools.stages.of_build(run.pipeline, run.ref.run_id)
    if found is None:
        raise ActionRefused(f"the stage of {run.pipeline} that ran this build is not to be found any more")
    return found


def stage_of(run: Run, tools: Tools) -> tuple[StageAttempt, StageDetails]:
    """The attempt and how its stage stands now. Raises ActionRefused where there is none or nobody may touch it."""
    attempt = attempt_of(run, tools)
    details = tools.stages.details(attempt.pipeline, attempt.stage)
    if not details.tagged:
        raise ActionRefused(untagged("pipeline", attempt.pipeline))
    return attempt, details


def key_of(attempt: StageAttempt) -> str:
    """The pipeline key of the stage, whose protection and freezes hold."""
    return str(PipelineKey.of_stage(attempt.pipeline, attempt.stage))


def key_around(run: Run, tools: Tools) -> str:
    """The key of the stage that ran this build; empty where no pipeline did, or one that is gone or in another Region.
    Raises ActionRefused when the pipeline is there and does not tell the stage."""
    if not run.pipeline:
        return ""
    try:
        return key_of(attempt_of(run, tools))
    except RunNotFound:
        return ""


def check_latest(attempt: StageAttempt, details: StageDetails, *, failed: bool = True) -> None:
    """Raise ActionRefused when the service acts by itself, which it does on what ``failed``, or when something newer
    is in the stage."""
    acts = _BY_ITSELF.get(details.on_failure, "") if failed else ""
    if acts and not (details.on_failure == "RETRY" and details.native_retries):
        raise ActionRefused(f"CodePipeline itself {acts} the stage {attempt.stage} when it fails")
    if details.latest_execution != attempt.execution:
        raise ActionRefused(f"superseded: {details.latest_execution} has come into {attempt.stage} since")


def reason_of(check: Callable[[Run, Tools], object], run: Run, tools: Tools) -> str:
    """The reason of a check that refuses, empty when it lets pass: a preflight's answer."""
    try:
        check(run, tools)
    except ActionRefused as refusal:
        return str(refusal)
    return ""
