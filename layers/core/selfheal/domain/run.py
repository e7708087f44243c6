"""Run: one attempt of something that a pipeline does."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from selfheal.domain.errors import InvalidEvent

# Services round the moments they report, each in its own way: less than this backwards is no broken clock.
ROUNDING = timedelta(seconds=1)


class Service(StrEnum):
    """The developer tool a run belongs to; its value is the first part of a pipeline key."""

    CODEBUILD = "codebuild"
    CODEPIPELINE = "codepipeline"
    CODEDEPLOY = "codedeploy"


class RunStatus(StrEnum):
    """How a run stands, in one vocabulary for all three services."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    FAULT = "FAULT"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"
    SUPERSEDED = "SUPERSEDED"

    @property
    def failed(self) -> bool:
        """Whether the run ended badly without a person wanting it to."""
        return self in (RunStatus.FAILED, RunStatus.FAULT, RunStatus.TIMED_OUT)

    @property
    def terminal(self) -> bool:
        """Whether the run is over."""
        return self is not RunStatus.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class PipelineKey:
    """What a baseline belongs to, e.g. ``codebuild:shop-api`` or ``codepipeline:shop/Deploy``."""

    service: Service
    name: str

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> "PipelineKey":
        """Inverse of ``str``. Raises InvalidEvent for anything else."""
        service, colon, name = text.partition(":")
        if not colon or not name or service not in set(Service):
            raise InvalidEvent("pipeline", f"{text!r} is not <codebuild|codepipeline|codedeploy>:<name>")
        return cls(Service(service), name)

    @classmethod
    def of_stage(cls, pipeline: str, stage: str) -> "PipelineKey":
        """That of a stage of a CodePipeline pipeline."""
        return cls(Service.CODEPIPELINE, f"{pipeline}/{stage}")


@dataclass(frozen=True, slots=True)
class RunRef:
    """A run as an event names it. Only ``key`` and ``run_id`` are used; the rest is read from the service.

    ``run_id``: CodeBuild the build id ``project:uuid``; CodePipeline
    ``pipeline/stage/execution-id/attempt``; CodeDeploy the deployment id.
    """

    key: PipelineKey
    run_id: str


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a build, action of a stage or lifecycle step of a deployment.

    ``seconds`` is None while unfinished. ``message`` is the service's own context text.
    """

    name: str
    status: str
    seconds: float | None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class LogLocation:
    """Where a build's output is in CloudWatch Logs."""

    group: str
    stream: str


def seconds_between(start: datetime, end: datetime) -> float:
    """From start to end; negative only when the end lies before the start by more than services round."""
    return 0.0 if start - ROUNDING < end < start else (end - start).total_seconds()


@dataclass(frozen=True, slots=True)
class LogObject:
    """Where a build's output is in S3, for builds that do not log to CloudWatch."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its service describes it.

    ``source_version`` is the resolved commit (empty when the service does not say); ``initiator`` is who
    or what started it; ``number`` is what CodeBuild counts its builds by; ``cache`` is the kind of cache the build
    was given (NO_CACHE, S3, LOCAL); ``secrets`` are values of its variables that must never leave (not in ``repr``).
    ``covered_by`` names the run that failed inside this one and speaks for it (a stage's build or deployment).
    ``branch`` is the branch that was asked for, empty where the service does not say (a build of a bare commit).
    ``rolls_back``: its service made it to go back to an earlier version.
    """

    ref: RunRef
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    phases: tuple[Phase, ...] = ()
    source_version: str = ""
    initiator: str = ""
    log: LogLocation | LogObject | None = None
    report_arns: tuple[str, ...] = ()
    queued_seconds: float | None = None
    compute_type: str = ""
    cache: str = ""
    number: int | None = None
    covered_by: str = ""
    branch: str = ""
    rolls_back: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def duration_seconds(self) -> float | None:
        """Wall seconds from start to end; None while running; negative when the service's clock ran backwards."""
        return None if self.ended_at is None else seconds_between(self.started_at, self.ended_at)

    @property
    def pipeline(self) -> str:
        """The pipeline that started this build; empty where none did."""
        starter, slash, name = self.initiator.partition("/")
        built = self.ref.key.service is Service.CODEBUILD and starter == "codepipeline"
        return name if built and slash else ""

    @property
    def failed_phase(self) -> Phase | None:
        """The first phase that did not succeed, None when all did."""
        good = {"SUCCEEDED", "Succeeded", ""}
        return next((p for p in self.phases if p.status not in good), None)
