"""The few things that remedies do to builds, and what they ask of CodeBuild first."""

import hashlib
from datetime import datetime
from typing import Any

from selfheal.adapters.build_differences import differences
from selfheal.adapters.build_reply import run_of
from selfheal.adapters.calls import Client, Json, calling
from selfheal.adapters.codebuild import BATCH, get_build
from selfheal.adapters.tags import permits
from selfheal.domain.errors import RunNotFound
from selfheal.domain.run import Run
from selfheal.remedy_ports import BuildDetails, Overrides

TOKEN_LIMIT = 64
PULL_REQUESTS = ("pr/", "refs/pull/", "mr/", "refs/merge-requests/")
APPROVED_FIRST = ("ALL_PULL_REQUESTS", "FORK_PULL_REQUESTS")


class CodeBuildBuilds:
    """Builds. Needs codebuild:RetryBuild, StartBuild, InvalidateProjectCache, BatchGetBuilds,
    BatchGetProjects and ListBuildsForProject."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def details(self, build_id: str) -> BuildDetails:
        """Builds. Names what differs, never its value."""
        build = get_build(self._client, build_id)
        project = self._project(build["projectName"])
        environment = build.get("environment", {})
        return BuildDetails(
            tagged=permits(project.get("tags", [])),
            difference=", ".join(differences(build, project)),
            native_retries_left=_native_retries_left(build),
            unapproved_pull_request=_unapproved(build, project),
            environment_type=environment.get("type", ""),
            compute_type=environment.get("computeType", ""),
            fleet=bool(environment.get("fleet")),
            timeout_minutes=build.get("timeoutInMinutes", 60),
        )

    def started_since(self, project: str, since: datetime) -> list[Run]:
        """Builds."""
        with calling("codebuild:ListBuildsForProject"):
            reply = self._client.list_builds_for_project(projectName=project, sortOrder="DESCENDING")
        ids = reply.get("ids", [])
        if not ids:
            return []
        with calling("codebuild:BatchGetBuilds"):
            builds = self._client.batch_get_builds(ids=ids[:BATCH]).get("builds", [])
        runs = [run for run in map(run_of, builds) if run.started_at >= since]
        return sorted(runs, key=lambda run: run.started_at, reverse=True)

    def retry(self, build_id: str, token: str) -> str:
        """Builds."""
        with calling("codebuild:RetryBuild"):
            reply = self._client.retry_build(id=build_id, idempotencyToken=_short(token))
        return str(reply["build"]["id"])

    def drop_cache(self, project: str) -> None:
        """Builds."""
        with calling("codebuild:InvalidateProjectCache"):
            self._client.invalidate_project_cache(projectName=project)

    def start(self, project: str, source_version: str, overrides: Overrides, token: str) -> str:
        """Builds."""
        request = {"projectName": project, "sourceVersion": source_version, **_request(overrides)}
        with calling("codebuild:StartBuild"):
            reply = self._client.start_build(**request, idempotencyToken=_short(token))
        return str(reply["build"]["id"])

    def _project(self, name: str) -> Json:
        with calling("codebuild:BatchGetProjects"):
            projects = self._client.batch_get_projects(names=[name]).get("projects", [])
        if not projects:
            raise RunNotFound(f"the project {name} does not exist any more")
        project: Json = projects[0]
        return project


def _request(overrides: Overrides) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if overrides.no_cache:
        given["cacheOverride"] = {"type": "NO_CACHE"}
    if overrides.compute_type:
        given["computeTypeOverride"] = overrides.compute_type
    if overrides.timeout_minutes:
        given["timeoutInMinutesOverride"] = overrides.timeout_minutes
    return given


def _native_retries_left(build: Json) -> int:
    """CodeBuild retries only builds that failed, and numbers its retries from 0, the first attempt."""
    native = build.get("autoRetryConfig", {})
    left: int = native.get("autoRetryLimit", 0) - native.get("autoRetryNumber", 0)
    return max(left, 0)


def _unapproved(build: Json, project: Json) -> bool:
    """CodeBuild does not say whether a pull request comes from a fork: any counts that no maintainer let through."""
    asked_for = build.get("sourceVersion", "")
    policy = project.get("webhook", {}).get("pullRequestBuildPolicy", {})
    needs_approval = policy.get("requiresCommentApproval") in APPROVED_FIRST
    return bool(asked_for.startswith(PULL_REQUESTS)) and not needs_approval


def _short(token: str) -> str:
    return token if len(token) <= TOKEN_LIMIT else hashlib.sha256(token.encode()).hexdigest()
