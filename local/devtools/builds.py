"""Builds: what is to be run, what has become of it, and where they are kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from local.devtools.errors import invalid_input, not_found
from local.devtools.phases import IN_PROGRESS, Phase
from local.devtools.wire import Json

REGION = "us-east-1"
ACCOUNT = "000000000000"
TOKEN_LIFE_SECONDS = 300.0
Clock = Callable[[], float]


def arn(kind: str, name: str) -> str:
    """The ARN of a CodeBuild resource: ``kind`` is project, build, report or report-group."""
    return f"arn:aws:codebuild:{REGION}:{ACCOUNT}:{kind}/{name}"


@dataclass(frozen=True)
class BuildPlan:
    """What a build runs: its project with all overrides applied. A retried build has the same plan."""

    project: str
    source: Json
    environment: Json
    cache: Json
    service_role: str
    timeout_minutes: int
    queued_timeout_minutes: int
    source_version: str | None = None
    auto_retry_limit: int = 0

    @property
    def variables(self) -> dict[str, str]:
        return {item["name"]: item["value"] for item in self.environment.get("environmentVariables", [])}


@dataclass
class Build:
    """One build. The runner writes it, requests read it: always through ``lock`` or ``wire``."""

    plan: BuildPlan
    uuid: str
    initiator: str
    started: float
    number: int = 0
    status: str = IN_PROGRESS
    current_phase: str = "SUBMITTED"
    ended: float | None = None
    resolved_version: str | None = None
    phases: list[Phase] = field(default_factory=list)
    report_arns: list[str] = field(default_factory=list)
    exported: dict[str, str] = field(default_factory=dict)
    auto_retry_number: int = 0
    previous_auto_retry: str | None = None
    next_auto_retry: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def id(self) -> str:
        return f"{self.plan.project}:{self.uuid}"

    @property
    def arn(self) -> str:
        return arn("build", self.id)

    @property
    def log_group(self) -> str:
        return f"/aws/codebuild/{self.plan.project}"

    @property
    def complete(self) -> bool:
        return self.status != IN_PROGRESS

    def wire(self) -> Json:
        """The build as BatchGetBuilds shows it."""
        with self.lock:
            plan = self.plan
            shown: Json = {
                "id": self.id,
                "arn": self.arn,
                "buildNumber": self.number,
                "startTime": round(self.started, 3),
                "currentPhase": self.current_phase,
                "buildStatus": self.status,
                "projectName": plan.project,
                "phases": [phase.wire() for phase in self.phases],
                "source": plan.source,
                "secondarySources": [],
                "secondarySourceVersions": [],
                "artifacts": {"location": ""},
                "cache": plan.cache,
                "environment": plan.environment,
                "serviceRole": plan.service_role,
                "logs": self._logs(),
                "timeoutInMinutes": plan.timeout_minutes,
                "queuedTimeoutInMinutes": plan.queued_timeout_minutes,
                "buildComplete": self.complete,
                "initiator": self.initiator,
                "encryptionKey": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3",
                "exportedEnvironmentVariables": [
                    {"name": name, "value": value} for name, value in self.exported.items()
                ],
                "reportArns": list(self.report_arns),
            }
            return shown | self._optional()

    def _optional(self) -> Json:
        retry = {
            "autoRetryLimit": self.plan.auto_retry_limit,
            "autoRetryNumber": self.auto_retry_number,
            "nextAutoRetry": self.next_auto_retry,
            "previousAutoRetry": self.previous_auto_retry,
        }
        optional = {
            "endTime": round(self.ended, 3) if self.ended is not None else None,
            "sourceVersion": self.plan.source_version,
            "resolvedSourceVersion": self.resolved_version,
            "autoRetryConfig": present(retry) if self.plan.auto_retry_limit else None,
        }
        return present(optional)

    def _logs(self) -> Json:
        stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.log_group}:log-stream:{self.uuid}"
        return {
            "groupName": self.log_group,
            "streamName": self.uuid,
            "deepLink": f"https://console.aws.amazon.com/cloudwatch/home?region={REGION}"
            f"#logsV2:log-groups/log-group/{self.log_group.replace('/', '$252F')}/log-events/{self.uuid}",
            "cloudWatchLogsArn": stream,
            "cloudWatchLogs": {"status": "ENABLED"},
        }


def present(members: Json) -> Json:
    """``members`` without those that have no value: the wire knows no null."""
    return {name: value for name, value in members.items() if value is not None}


class BuildStore:
    """All builds in the order they were started, and the idempotency tokens that started them."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._builds: dict[str, Build] = {}
        self._numbers: dict[str, int] = {}
        self._tokens: dict[str, tuple[float, Json, Build]] = {}

    def add(self, make: Callable[[float], Build], token: str | None, request: Json) -> tuple[Build, bool]:
        """A new build and True, or the one that ``token`` started in the last five minutes and False.

        ``make`` gets the start time; a live token with another ``request`` is refused.
        """
        with self._lock:
            now = self._clock()
            if (known := self._tokens.get(token or "")) and now - known[0] < TOKEN_LIFE_SECONDS:
                if known[1] != request:
                    raise invalid_input(
                        "Parameter mismatch: idempotencyToken was used with other parameters."
                    )
                return known[2], False
            build = make(now)
            build.number = self._numbers[build.plan.project] = self._numbers.get(build.plan.project, 0) + 1
            self._builds[build.id] = build
            if token:
                self._tokens[token] = (now, request, build)
            return build, True

    def find(self, build_id: str) -> Build | None:
        """The build with this id or ARN."""
        return self._builds.get(build_id.removeprefix(arn("build", "")))

    def get(self, build_id: str) -> Build:
        build = self.find(build_id)
        if build is None:
            raise not_found(f"Build {build_id} could not be found")
        return build

    def newest_first(self, project: str | None = None) -> list[Build]:
        with self._lock:
            found = [item for item in self._builds.values() if project in (None, item.plan.project)]
        return found[::-1]

    def running(self) -> Iterator[Build]:
        return (build for build in self.newest_first() if not build.done.is_set())
