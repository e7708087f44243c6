"""What remedies may do to the developer tools, as Protocols. Only execute_action is given all of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfheal.domain.run import Run


class Builds(Protocol):
    """What remedies may do to CodeBuild. Only execute_action holds one."""

    def retry(self, build_id: str, token: str) -> str:
        """RetryBuild: the same build again. Gives the new build's id. Raises RequestRejected."""

    def start_clean(self, project: str, source_version: str, token: str) -> str:
        """Drop the project's cache and build that commit without any cache. Gives the new build's id."""

    def differs_from_project(self, build_id: str) -> str:
        """What this build was started with that the project alone would not give; empty when nothing."""

    def started_since(self, project: str, since: datetime) -> list[Run]:
        """The project's builds that started at or after ``since``, newest first (at most 100 are looked at)."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything that remedies work with."""

    builds: Builds
