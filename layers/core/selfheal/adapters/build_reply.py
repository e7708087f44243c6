"""A build in CodeBuild's reply as a Run."""

import re
from datetime import UTC, datetime

from selfheal.adapters.calls import Json
from selfheal.domain.run import (
    LogLocation,
    LogObject,
    Phase,
    PipelineKey,
    Run,
    RunRef,
    RunStatus,
    Service,
    seconds_between,
)

SECRET_LENGTH = 6
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)*")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+){1,3}-[0-9]")
# Values so common that hiding them would hide the log and protect nobody.
# Shorter than this a value would blank out half of any log.
SHORTEST_SECRET = 4
_SECRET_NAME = re.compile(
    r"(?i)passw|passphrase|pwd|secret|token|credential|private|api_?key|access_?key|_key$|auth"
)
_PUBLIC = frozenset(
    {
        "default",
        "develop",
        "development",
        "disabled",
        "enabled",
        "latest",
        "linux/amd64",
        "linux/arm64",
        "master",
        "production",
        "release",
        "staging",
        "testing",
        "verbose",
    }
)


def run_of(build: Json) -> Run:
    """The Run that a build of BatchGetBuilds describes."""
    phases = tuple(_phase(phase) for phase in build.get("phases", []) if phase["phaseType"] != "COMPLETED")
    environment = build.get("environment", {})
    return Run(
        ref=RunRef(PipelineKey(Service.CODEBUILD, build["projectName"]), build["id"]),
        status=RunStatus(build["buildStatus"]),
        started_at=_utc(build["startTime"]),
        ended_at=_utc(build["endTime"]) if build.get("endTime") else None,
        phases=phases,
        source_version=_commit(build),
        initiator=build.get("initiator", ""),
        log=_log(build.get("logs", {})),
        report_arns=tuple(build.get("reportArns", [])),
        queued_seconds=next((phase.seconds for phase in phases if phase.name == "QUEUED"), None),
        compute_type=environment.get("computeType", ""),
        cache=build.get("cache", {}).get("type", ""),
        number=build.get("buildNumber"),
        branch=_branch(build.get("sourceVersion", "")),
        secrets=secrets_of(environment.get("environmentVariables", [])),
    )


def secrets_of(variables: list[dict[str, str]]) -> tuple[str, ...]:
    """The plaintext values that may be secrets: those whose name says so, and all others but the short and the
    plainly public ones.

    Variables of the types PARAMETER_STORE and SECRETS_MANAGER hold the secret's name here, not the secret.
    """
    plain = (v for v in variables if v.get("type", "PLAINTEXT") == "PLAINTEXT")
    return tuple(sorted({v["value"] for v in plain if _may_be_secret(v["name"], v["value"])}))


def _may_be_secret(name: str, value: str) -> bool:
    if _SECRET_NAME.search(name):
        return len(value) >= SHORTEST_SECRET
    return len(value) >= SECRET_LENGTH and not _public(value)


def _public(value: str) -> bool:
    return value.lower() in _PUBLIC or bool(_NUMBER.fullmatch(value) or _REGION.fullmatch(value))


def _commit(build: Json) -> str:
    """A build that has not fetched its source has no resolved version; a full commit id asked for is one."""
    asked = build.get("sourceVersion", "")
    return str(build.get("resolvedSourceVersion") or (asked if _COMMIT.fullmatch(asked) else ""))


def _branch(asked_for: str) -> str:
    """``main``, ``refs/heads/main`` and ``refs/heads/main^{commit}`` name a branch; a commit, a tag, a pull request
    and an object of S3 (an ARN or a version) do not."""
    name = asked_for.partition("^{")[0].removeprefix("refs/heads/")
    other = _COMMIT.fullmatch(name) or name.startswith(("refs/", "pr/", "mr/", "arn:"))
    return "" if other else name


def _phase(phase: Json) -> Phase:
    context: Json = next(iter(phase.get("contexts", [])), {})
    return Phase(
        name=phase["phaseType"],
        status=phase.get("phaseStatus", ""),
        seconds=_seconds(phase),
        code=context.get("statusCode", ""),
        message=context.get("message", ""),
    )


def _seconds(phase: Json) -> float | None:
    start, end = phase.get("startTime"), phase.get("endTime")
    if start and end:
        return seconds_between(start, end)
    whole = phase.get("durationInSeconds")
    return None if whole is None else float(whole)


def _log(logs: Json) -> LogLocation | LogObject | None:
    """CloudWatch before S3 where a build logs to both; None for one that logs to neither."""
    group, stream = logs.get("groupName"), logs.get("streamName")
    if group and stream and logs.get("cloudWatchLogs", {}).get("status") != "DISABLED":
        return LogLocation(group, stream)
    bucket, _, key = logs.get("s3LogsArn", "").rpartition(":::")[2].partition("/")
    if bucket and key and logs.get("s3Logs", {}).get("status") == "ENABLED":
        return LogObject(bucket, key)
    return None


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
