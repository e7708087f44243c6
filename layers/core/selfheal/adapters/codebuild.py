"""CodeBuild: reading builds, and the few things that remedies do to them."""

import hashlib
from datetime import datetime

from selfheal.adapters.build_differences import differences
from selfheal.adapters.build_reply import run_of
from selfheal.adapters.calls import Client, Json, calling
from selfheal.domain.errors import RunNotFound
from selfheal.domain.run import Run, RunRef

TOKEN_LIMIT = 64
BATCH = 100


def get_build(client: Client, build_id: str) -> Json:
    """The build as BatchGetBuilds shows it. Raises RunNotFound."""
    with calling("codebuild:BatchGetBuilds"):
        builds = client.batch_get_builds(ids=[build_id])["builds"]
    if not builds:
        raise RunNotFound(f"{build_id}: CodeBuild knows no such build (builds are kept for a year)")
    build: Json = builds[0]
    return build


class CodeBuildReader:
    """RunReader of builds. Needs codebuild:BatchGetBuilds."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, ref: RunRef) -> Run:
        """RunReader."""
        return run_of(get_build(self._client, ref.run_id))


class CodeBuildBuilds:
    """Builds. Needs codebuild:RetryBuild, StartBuild, InvalidateProjectCache, BatchGetBuilds,
    BatchGetProjects and ListBuildsForProject."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def retry(self, build_id: str, token: str) -> str:
        """Builds."""
        with calling("codebuild:RetryBuild"):
            reply = self._client.retry_build(id=build_id, idempotencyToken=_short(token))
        return str(reply["build"]["id"])

    def start_clean(self, project: str, source_version: str, token: str) -> str:
        """Builds. Both calls can be repeated: a cache is dropped twice, a token starts one build."""
        with calling("codebuild:InvalidateProjectCache"):
            self._client.invalidate_project_cache(projectName=project)
        with calling("codebuild:StartBuild"):
            reply = self._client.start_build(
                projectName=project,
                sourceVersion=source_version,
                cacheOverride={"type": "NO_CACHE"},
                idempotencyToken=_short(token),
            )
        return str(reply["build"]["id"])

    def differs_from_project(self, build_id: str) -> str:
        """Builds. Raises RunNotFound. Names what differs, never its value."""
        build = get_build(self._client, build_id)
        with calling("codebuild:BatchGetProjects"):
            projects = self._client.batch_get_projects(names=[build["projectName"]])["projects"]
        if not projects:
            return f"the project {build['projectName']} does not exist any more"
        return ", ".join(differences(build, projects[0]))

    def started_since(self, project: str, since: datetime) -> list[Run]:
        """Builds."""
        with calling("codebuild:ListBuildsForProject"):
            ids = self._client.list_builds_for_project(projectName=project, sortOrder="DESCENDING")["ids"]
        if not ids:
            return []
        with calling("codebuild:BatchGetBuilds"):
            builds = self._client.batch_get_builds(ids=ids[:BATCH])["builds"]
        runs = [run for run in map(run_of, builds) if run.started_at >= since]
        return sorted(runs, key=lambda run: run.started_at, reverse=True)


def _short(token: str) -> str:
    return token if len(token) <= TOKEN_LIMIT else hashlib.sha256(token.encode()).hexdigest()
