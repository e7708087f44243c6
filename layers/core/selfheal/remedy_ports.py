"""What remedies may do to the developer tools, as Protocols. Only execute_action is given all of it.

Every method may raise Throttled, ServiceUnavailable (worth another attempt) or RequestRejected (not).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from selfheal.domain.run import Run


@dataclass(frozen=True, slots=True)
class BuildDetails:
    """What a build was started with and what its project says, as far as remedies ask.

    ``tagged``: the project has the tag that permits healing. ``difference`` names what the build was started with
    that the project alone would not give. ``native_retries_left`` is how often CodeBuild itself will still repeat it.
    ``unapproved_pull_request``: of a pull request that no maintainer had to approve before it was built.
    """

    tagged: bool
    difference: str = ""
    native_retries_left: int = 0
    unapproved_pull_request: bool = False
    environment_type: str = ""
    compute_type: str = ""
    fleet: bool = False
    timeout_minutes: int = 60


@dataclass(frozen=True, slots=True)
class Overrides:
    """In what a new build is to differ from what its project says; nothing else can be changed."""

    no_cache: bool = False
    compute_type: str = ""
    timeout_minutes: int = 0


class Builds(Protocol):
    """What remedies may do to CodeBuild."""

    def details(self, build_id: str) -> BuildDetails:
        """What the build was started with. Raises RunNotFound when it or its project is gone."""

    def started_since(self, project: str, since: datetime) -> list[Run]:
        """The project's builds that started at or after ``since``, newest first (at most 100 are looked at)."""

    def retry(self, build_id: str, token: str) -> str:
        """RetryBuild: the same build again. Gives the new build's id."""

    def drop_cache(self, project: str) -> None:
        """InvalidateProjectCache: later builds begin with an empty cache."""

    def start(self, project: str, source_version: str, overrides: Overrides, token: str) -> str:
        """StartBuild: that commit as the project says, apart from the overrides. Gives the new build's id."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a remedy may know of the incident beside its run. None of it was written by a log or a model.

    ``actor`` is the name in the initiator of everything that Selfheal starts.
    """

    incident_id: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything that remedies work with."""

    builds: Builds
    case: Case = field(default_factory=Case)
