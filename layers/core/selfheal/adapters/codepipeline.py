"""CodePipeline: reading attempts of stages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from selfheal.adapters.calls import Client, Json, calling, pages
from selfheal.domain.errors import InvalidEvent, RunNotFound
from selfheal.domain.run import Phase, PipelineKey, Run, RunRef, RunStatus, seconds_between

RUN_ID_PARTS = 4
# The providers whose actions are runs that are taken in by themselves; the external id of the action is theirs.
_RUNS_OF_THEIR_OWN = ("CodeBuild", "CodeDeploy", "CodeDeployToECS")


@dataclass(frozen=True, slots=True)
class Attempt:
    """The actions of one stage that one attempt of its pipeline execution ran, oldest first."""

    stage: str
    number: int
    actions: tuple[Json, ...]

    @property
    def status(self) -> RunStatus:
        """What the actions add up to: one that runs makes it run, one that failed makes it fail."""
        found = {action["status"] for action in self.actions}
        if "InProgress" in found:
            return RunStatus.IN_PROGRESS
        if "Failed" in found:
            return RunStatus.FAILED
        return RunStatus.STOPPED if "Abandoned" in found else RunStatus.SUCCEEDED

    def ref(self, pipeline: str, execution: str) -> RunRef:
        """The reference under which this attempt's own event names it."""
        key = PipelineKey.of_stage(pipeline, self.stage)
        return RunRef(key, f"{pipeline}/{self.stage}/{execution}/{self.number}")


class CodePipelineReader:
    """RunReader of stages. Needs codepipeline:ListActionExecutions and codepipeline:GetPipelineExecution."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, ref: RunRef) -> Run:
        """RunReader. The stage's actions are its phases. Raises InvalidEvent for a malformed run id."""
        pipeline, stage, execution, number = _parts(ref.run_id)
        attempt = _attempt(stage_attempts(self._client, pipeline, execution), stage, number)
        if attempt is None:
            raise RunNotFound(f"{ref.run_id}: the stage ran no action in this execution")
        return stage_run(ref, attempt, get_execution(self._client, pipeline, execution))


def get_execution(client: Client, pipeline: str, execution: str) -> Json:
    """One execution of a pipeline. Raises RunNotFound."""
    with calling("codepipeline:GetPipelineExecution", gone=gone(pipeline, execution)):
        reply = client.get_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution)
    found: Json = reply["pipelineExecution"]
    return found


def stage_attempts(client: Client, pipeline: str, execution: str) -> list[Attempt]:
    """All attempts of all stages of one pipeline execution, oldest first. Raises RunNotFound."""
    replies = pages(
        client,
        "list_action_executions",
        "codepipeline:ListActionExecutions",
        gone=gone(pipeline, execution),
        pipelineName=pipeline,
        filter={"pipelineExecutionId": execution},
    )
    actions = [action for page in replies for action in page["actionExecutionDetails"]]
    return _by_attempt(sorted(actions, key=lambda action: action["startTime"]))


def gone(pipeline: str, execution: str = "") -> dict[str, str]:
    """The errors that mean that a pipeline or an execution does not exist, in words."""
    return {
        "PipelineNotFoundException": f"{pipeline}: CodePipeline knows no such pipeline",
        "PipelineExecutionNotFoundException": f"{execution}: CodePipeline knows no such run of {pipeline}",
    }


def _by_attempt(actions: Iterable[Json]) -> list[Attempt]:
    """CodePipeline does not number attempts in its replies: one begins when an action runs once more."""
    number = 1
    seen: set[tuple[str, str]] = set()
    grouped: dict[tuple[int, str], list[Json]] = {}
    for action in actions:
        name = (action["stageName"], action["actionName"])
        if name in seen:
            number, seen = number + 1, set()
        seen.add(name)
        grouped.setdefault((number, action["stageName"]), []).append(action)
    return [Attempt(stage, n, tuple(members)) for (n, stage), members in grouped.items()]


def _attempt(attempts: Sequence[Attempt], stage: str, number: int) -> Attempt | None:
    """The stage's last attempt up to that number: a stage after a retried one first runs in attempt 2."""
    of_stage = [attempt for attempt in attempts if attempt.stage == stage]
    begun = [attempt for attempt in of_stage if attempt.number <= number]
    return next(iter(begun[-1:] or of_stage), None)


def _parts(run_id: str) -> tuple[str, str, str, int]:
    parts = run_id.split("/")
    if len(parts) != RUN_ID_PARTS or not parts[3].isdecimal():
        raise InvalidEvent("run_id", f"{run_id!r} is not <pipeline>/<stage>/<execution id>/<attempt>")
    return parts[0], parts[1], parts[2], int(parts[3])


def stage_run(ref: RunRef, attempt: Attempt, execution: Json) -> Run:
    """The Run that an attempt of a stage is."""
    status = attempt.status
    ended = max(_updated(action) for action in attempt.actions) if status.terminal else None
    revisions = execution.get("artifactRevisions", [])
    return Run(
        ref=ref,
        status=status,
        started_at=_utc(attempt.actions[0]["startTime"]),
        ended_at=ended,
        phases=tuple(map(_phase, attempt.actions)),
        source_version=next((r["revisionId"] for r in revisions if r.get("revisionId")), ""),
        initiator=starter(execution),
        covered_by=next(filter(None, map(_failed_inside, attempt.actions)), ""),
        rolls_back=execution.get("executionType") == "ROLLBACK",
    )


def starter(execution: Json) -> str:
    """The ARN of who or what started an execution; where CodePipeline tells none, the kind of its trigger."""
    trigger = execution.get("trigger", {})
    return str(trigger.get("triggerDetail") or trigger.get("triggerType", ""))


def _phase(action: Json) -> Phase:
    over = action["status"] != "InProgress"
    error = _result(action).get("errorDetails", {})
    return Phase(
        name=action["actionName"],
        status=action["status"],
        seconds=seconds_between(_utc(action["startTime"]), _updated(action)) if over else None,
        code=error.get("code", ""),
        message=error.get("message", ""),
    )


def _failed_inside(action: Json) -> str:
    """The id of the build or deployment that made this action fail; it is a run of its own and speaks for the stage."""
    provider = action.get("input", {}).get("actionTypeId", {}).get("provider")
    if action["status"] != "Failed" or provider not in _RUNS_OF_THEIR_OWN:
        return ""
    return str(_result(action).get("externalExecutionId", ""))


def _result(action: Json) -> Json:
    result: Json = action.get("output", {}).get("executionResult", {})
    return result


def _updated(action: Json) -> datetime:
    return _utc(action.get("lastUpdateTime", action["startTime"]))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
