"""Does what a developer does with CodeBuild: sets up a project, starts builds, waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.patience import Patience
from selfheal.domain.remedy import TAG_KEY, TAG_VALUE

SERVICE_ROLE = "arn:aws:iam::000000000000:role/demo-builds"


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build: its id, its status and when it ended (seconds since the epoch)."""

    id: str
    status: str
    ended_at: float


class Developer:
    """Works through an ordinary CodeBuild client."""

    def __init__(self, codebuild: Any) -> None:
        self._codebuild = codebuild

    def free_name(self, wanted: str) -> str:
        """A project name nobody uses yet: the wanted one, numbered when it is taken."""
        taken = set(self._codebuild.list_projects()["projects"])
        numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
        return next(name for name in (wanted, *numbered) if name not in taken)

    def create_project(
        self, name: str, repository: Path | None, variables: dict[str, str], *, cache: bool, minutes: int = 0
    ) -> None:
        """Create a project whose builds are given these variables, with the tag that lets Selfheal repeat them.

        Without a repository it is for a pipeline. ``minutes`` is the time limit of a build, 0: CodeBuild's own.
        """
        self._codebuild.create_project(
            name=name,
            source={"type": "GITHUB", "location": str(repository)}
            if repository
            else {"type": "CODEPIPELINE"},
            artifacts={"type": "NO_ARTIFACTS"},
            cache={"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]} if cache else {"type": "NO_CACHE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
                "environmentVariables": [{"name": key, "value": value} for key, value in variables.items()],
            },
            serviceRole=SERVICE_ROLE,
            **({"timeoutInMinutes": minutes} if minutes else {}),
            tags=[{"key": TAG_KEY, "value": TAG_VALUE}],
        )

    def build(self, project: str, commit: str) -> str:
        """Start a build of that commit. Gives its id."""
        reply = self._codebuild.start_build(projectName=project, sourceVersion=commit)
        return str(reply["build"]["id"])

    def wait(self, build_id: str, patience: Patience) -> Build:
        """Wait for a build to end. Raises ScenarioStuck."""
        return patience.until(f"the end of build {build_id}", lambda: self._finished(build_id))

    def builds_of(self, project: str) -> Sequence[str]:
        """The ids of all builds of a project, oldest first."""
        reply = self._codebuild.list_builds_for_project(projectName=project, sortOrder="ASCENDING")
        return list(reply["ids"])

    def _finished(self, build_id: str) -> Build | None:
        build = self._codebuild.batch_get_builds(ids=[build_id])["builds"][0]
        if not build["buildComplete"]:
            return None
        return Build(build_id, build["buildStatus"], build["endTime"].timestamp())
