"""CodeBuild projects, and the plan of a build that a project and a StartBuild request make."""

from __future__ import annotations

import threading
from collections.abc import Callable

from local.devtools.builds import ACCOUNT, REGION, BuildPlan, arn
from local.devtools.errors import ServiceError, invalid_input, not_found
from local.devtools.metrics import COMPUTE
from local.devtools.source import GIT_TYPES, repository_path
from local.devtools.wire import Json

NOT_SIMULATED = (
    "secondarySources",
    "secondarySourceVersions",
    "secondaryArtifacts",
    "vpcConfig",
    "logsConfig",
    "fileSystemLocations",
    "buildBatchConfig",
    "concurrentBuildLimit",
)
SOURCE_OVERRIDES = {
    "type": "sourceTypeOverride",
    "location": "sourceLocationOverride",
    "buildspec": "buildspecOverride",
}
ENVIRONMENT_OVERRIDES = {
    "type": "environmentTypeOverride",
    "image": "imageOverride",
    "computeType": "computeTypeOverride",
    "privilegedMode": "privilegedModeOverride",
}
SETTING_OVERRIDES = {
    "cache": "cacheOverride",
    "serviceRole": "serviceRoleOverride",
    "timeoutInMinutes": "timeoutInMinutesOverride",
    "queuedTimeoutInMinutes": "queuedTimeoutInMinutesOverride",
    "sourceVersion": "sourceVersion",
    "autoRetryLimit": "autoRetryLimitOverride",
}
STARTING = {
    "projectName",
    "idempotencyToken",
    "environmentVariablesOverride",
    *SOURCE_OVERRIDES.values(),
    *ENVIRONMENT_OVERRIDES.values(),
    *SETTING_OVERRIDES.values(),
}


class Projects:
    """All projects, as their wire shape."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._projects: dict[str, Json] = {}

    def create(self, params: Json) -> Json:
        with self._lock:
            if params["name"] in self._projects:
                message = f"Project already exists: {arn('project', params['name'])}"
                raise ServiceError("ResourceAlreadyExistsException", message)
            now = self._clock()
            return self._store({**_defaults(params["name"]), "created": now}, params, now)

    def update(self, params: Json) -> Json:
        with self._lock:
            return self._store(self.get(params["name"]), params, self._clock())

    def delete(self, name: str) -> None:
        """Delete a project; the service does not mind one that is not there."""
        with self._lock:
            self._projects.pop(_short(name), None)

    def get(self, name: str) -> Json:
        """The project with this name or ARN."""
        project = self._projects.get(_short(name))
        if project is None:
            raise not_found(f"Project cannot be found: {arn('project', _short(name))}")
        return project

    def find(self, names: list[str]) -> list[Json]:
        return [self._projects[_short(name)] for name in names if _short(name) in self._projects]

    def names(self) -> list[str]:
        return sorted(self._projects)

    def _store(self, base: Json, params: Json, now: float) -> Json:
        project = base | params | {"lastModified": now}
        _check(project)
        self._projects[project["name"]] = project
        return project


def _short(name: str) -> str:
    return name.removeprefix(arn("project", ""))


def _defaults(name: str) -> Json:
    return {
        "arn": arn("project", name),
        "description": "",
        "cache": {"type": "NO_CACHE"},
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "autoRetryLimit": 0,
        "encryptionKey": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3",
        "tags": [],
        "projectVisibility": "PRIVATE",
    }


def _check(project: Json) -> None:
    for member in NOT_SIMULATED:
        if project.get(member):
            raise invalid_input(f"{member}: not offered by the simulator; leave it out")
    _check_source(project["source"])
    _check_environment(project["environment"])


def _check_source(source: Json) -> None:
    kind, location = source["type"], source.get("location", "")
    if kind == "NO_SOURCE":
        if "\n" not in source.get("buildspec", ""):
            raise invalid_input("source.buildspec: a project without source needs its buildspec inline")
    elif kind not in GIT_TYPES:
        raise invalid_input(
            f"source.type: the simulator offers NO_SOURCE, {', '.join(GIT_TYPES)}, not {kind}"
        )
    elif kind != "CODEPIPELINE" and repository_path(location) is None:
        raise invalid_input(
            f"source.location: expected the absolute path of a local git repository, got {location!r}"
        )


def _check_environment(environment: Json) -> None:
    if environment["computeType"] not in COMPUTE:
        raise invalid_input(f"environment.computeType: the simulator offers {', '.join(COMPUTE)}")
    for variable in environment.get("environmentVariables", []):
        if variable.get("type", "PLAINTEXT") != "PLAINTEXT":
            raise invalid_input(
                f"environmentVariables.{variable['name']}.type: the simulator offers PLAINTEXT only"
            )


def plan_build(project: Json, params: Json) -> BuildPlan:
    """What StartBuild with ``params`` runs: the project with the overrides of the request."""
    refused = sorted(params.keys() - STARTING)
    if refused:
        raise invalid_input(f"{refused[0]}: not offered by the simulator; leave it out")
    source = _overridden(project["source"], params, SOURCE_OVERRIDES)
    environment = _overridden(project["environment"], params, ENVIRONMENT_OVERRIDES)
    environment["environmentVariables"] = _variables(
        environment.get("environmentVariables", []), params.get("environmentVariablesOverride", [])
    )
    _check_source(source)
    _check_environment(environment)
    if source["type"] == "CODEPIPELINE" and repository_path(source.get("location", "")) is None:
        raise invalid_input("Project source is CODEPIPELINE: the build can be started by a pipeline only")
    settings = _overridden(project, params, SETTING_OVERRIDES)
    return BuildPlan(
        project=project["name"],
        source=source,
        environment=environment,
        cache=settings["cache"],
        service_role=settings["serviceRole"],
        timeout_minutes=settings["timeoutInMinutes"],
        queued_timeout_minutes=settings["queuedTimeoutInMinutes"],
        source_version=settings.get("sourceVersion"),
        auto_retry_limit=settings["autoRetryLimit"],
    )


def _overridden(base: Json, params: Json, overrides: dict[str, str]) -> Json:
    return base | {member: params[name] for member, name in overrides.items() if name in params}


def _variables(base: list[Json], overrides: list[Json]) -> list[Json]:
    merged = {item["name"]: {"type": "PLAINTEXT", **item} for item in [*base, *overrides]}
    return list(merged.values())
