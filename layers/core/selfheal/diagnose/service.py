"""What the services themselves say about a failure: the most trusted source.

Codes: CodeBuild phase contexts, CodePipeline ``errorDetails.code``, CodeDeploy ``ErrorCode`` (API models).
"""

import re
from dataclasses import dataclass

from selfheal.domain.diagnosis import Cause
from selfheal.domain.run import Phase, Run, RunStatus, Service


@dataclass(frozen=True, slots=True)
class Fact:
    """What a service's status or code means; ``evidence`` is the service's own text (raw)."""

    cause: Cause
    transient: bool | None
    confidence: float
    evidence: str


_EXIT = re.compile(r"exit (?:status|code):? (\d{1,3})\b")
EX_TEMPFAIL = 75

Meaning = tuple[Cause, bool | None, float]

_CODEBUILD: dict[str, Meaning] = {
    "YAML_FILE_ERROR": (Cause.CONFIG_ERROR, False, 0.98),
    "MALFORMED_BUILDSPEC": (Cause.CONFIG_ERROR, False, 0.98),
    "INTERNAL_SERVICE_ERROR": (Cause.INFRA_FLAKE, True, 0.95),
    "INTERNAL_ERROR": (Cause.INFRA_FLAKE, True, 0.95),
    "BUILD_TIMED_OUT": (Cause.TIMEOUT, None, 0.95),
    "ACCESS_DENIED": (Cause.AUTH_PERMISSION, False, 0.95),
    "SECRET_NOT_FOUND": (Cause.CONFIG_ERROR, False, 0.9),
}
_CODEPIPELINE: dict[str, Meaning] = {
    "ConfigurationError": (Cause.CONFIG_ERROR, False, 0.95),
    "PermissionError": (Cause.AUTH_PERMISSION, False, 0.95),
    "RevisionOutOfSync": (Cause.SOURCE_ERROR, False, 0.9),
    "RevisionUnavailable": (Cause.SOURCE_ERROR, False, 0.9),
    "SystemUnavailable": (Cause.INFRA_FLAKE, True, 0.95),
}
_CODEDEPLOY: dict[str, Meaning] = {
    "AGENT_ISSUE": (Cause.INFRA_FLAKE, None, 0.8),
    "INTERNAL_ERROR": (Cause.INFRA_FLAKE, True, 0.95),
    "THROTTLED": (Cause.QUOTA, True, 0.95),
    "RESOURCE_LIMIT_EXCEEDED": (Cause.QUOTA, False, 0.9),
    "OVER_MAX_INSTANCES": (Cause.QUOTA, False, 0.9),
    "TIMEOUT": (Cause.TIMEOUT, None, 0.95),
    "MANUAL_STOP": (Cause.CANCELLED, False, 1.0),
    "REVISION_MISSING": (Cause.SOURCE_ERROR, False, 0.95),
    "IAM_ROLE_MISSING": (Cause.AUTH_PERMISSION, False, 0.95),
    "IAM_ROLE_PERMISSIONS": (Cause.AUTH_PERMISSION, False, 0.95),
    "AUTO_SCALING_IAM_ROLE_PERMISSIONS": (Cause.AUTH_PERMISSION, False, 0.95),
    "MISSING_GITHUB_TOKEN": (Cause.AUTH_PERMISSION, False, 0.95),
    "ALARM_ACTIVE": (Cause.DEPLOY_FAILURE, False, 0.95),
    "HEALTH_CONSTRAINTS": (Cause.DEPLOY_FAILURE, False, 0.9),
    "CUSTOMER_APPLICATION_UNHEALTHY": (Cause.DEPLOY_FAILURE, False, 0.95),
    "HOOK_EXECUTION_FAILURE": (Cause.DEPLOY_FAILURE, False, 0.9),
    "ECS_UPDATE_ERROR": (Cause.DEPLOY_FAILURE, False, 0.85),
    "CLOUDFORMATION_STACK_FAILURE": (Cause.DEPLOY_FAILURE, False, 0.85),
}
_WRONG_SET_UP: Meaning = (Cause.CONFIG_ERROR, False, 0.95)
_CODEDEPLOY_SET_UP = (
    "APPLICATION_MISSING",
    "AUTOSCALING_VALIDATION_ERROR",
    "AUTO_SCALING_CONFIGURATION",
    "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND",
    "DEPLOYMENT_GROUP_MISSING",
    "ELASTIC_LOAD_BALANCING_INVALID",
    "ELB_INVALID_INSTANCE",
    "HEALTH_CONSTRAINTS_INVALID",
    "INVALID_ECS_SERVICE",
    "INVALID_LAMBDA_CONFIGURATION",
    "INVALID_LAMBDA_FUNCTION",
    "INVALID_REVISION",
    "MISSING_BLUE_GREEN_DEPLOYMENT_CONFIGURATION",
    "MISSING_ELB_INFORMATION",
    "NO_EC2_SUBSCRIPTION",
    "NO_INSTANCES",
)
CODES: dict[Service, dict[str, Meaning]] = {
    Service.CODEBUILD: _CODEBUILD,
    Service.CODEPIPELINE: _CODEPIPELINE,
    Service.CODEDEPLOY: _CODEDEPLOY | dict.fromkeys(_CODEDEPLOY_SET_UP, _WRONG_SET_UP),
}


def failed_phases(run: Run) -> list[Phase]:
    """The phases that did not succeed or carry an error of their own, first one first."""
    bad = {"FAILED", "FAULT", "TIMED_OUT", "CLIENT_ERROR", "STOPPED", "ABANDONED"}
    return [phase for phase in run.phases if phase.status.upper() in bad]


def text_of(phase: Phase) -> str:
    """The phase's own words: name, code and message."""
    return f"{phase.name}: {' '.join(filter(None, (phase.code, phase.message))) or phase.status}"


def exit_code(run: Run) -> int | None:
    """The exit code of the command the first failed phase names, None where it names none."""
    for phase in failed_phases(run):
        if found := _EXIT.search(phase.message):
            return int(found[1])
    return None


def certain(run: Run) -> Fact | None:
    """What the run's status, phase statuses and codes say for certain; None when they leave it open."""
    return _from_codes(run) or _from_status(run) or _from_exit(run)


def _from_status(run: Run) -> Fact | None:
    phases = failed_phases(run)
    words = text_of(phases[0]) if phases else f"the run ended {run.status}"
    if run.status in (RunStatus.STOPPED, RunStatus.SUPERSEDED):
        return Fact(Cause.CANCELLED, False, 1.0, words)
    if timed_out := next((phase for phase in phases if phase.status == "TIMED_OUT"), None):
        return _timeout(timed_out)
    if run.status is RunStatus.TIMED_OUT:
        return Fact(Cause.TIMEOUT, None, 0.95, words)
    if run.status is RunStatus.FAULT or any(phase.status == "FAULT" for phase in phases):
        return Fact(Cause.INFRA_FLAKE, True, 0.9, words)
    return None


def _timeout(phase: Phase) -> Fact:
    if phase.name == "QUEUED":
        return Fact(Cause.QUOTA, True, 0.9, text_of(phase))
    return Fact(Cause.TIMEOUT, None, 0.95, text_of(phase))


def _from_codes(run: Run) -> Fact | None:
    known = CODES[run.ref.key.service]
    for phase in failed_phases(run):
        if meaning := known.get(phase.code):
            return Fact(*meaning, text_of(phase))
    return None


def _from_exit(run: Run) -> Fact | None:
    """EX_TEMPFAIL is the command's own word that trying again may help (sysexits.h)."""
    if exit_code(run) == EX_TEMPFAIL:
        phase = next(phase for phase in failed_phases(run) if _EXIT.search(phase.message))
        return Fact(Cause.INFRA_FLAKE, True, 0.9, text_of(phase))
    return None
