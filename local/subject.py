"""What a scenario is about, as the play sees it: something that has runs, one of which is in question."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from local.patience import Patience
from selfheal.domain.run import PipelineKey


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: its id, the incident that it would open, how it ended and when (seconds since the epoch)."""

    id: str
    incident_id: str
    succeeded: bool
    ended_at: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many builds and deployments there have been: every side effect that there could be."""

    builds: int = 0
    deployments: int = 0


class Subject(Protocol):
    """A project, a pipeline or a deployed service of a scenario's own."""

    @property
    def name(self) -> str:
        """What its events are about."""

    @property
    def keys(self) -> Collection[PipelineKey]:
        """The pipelines it consists of."""

    def start(self, commit: str) -> str:
        """Start a run of that commit. Gives what ``wait`` wants to know it by."""

    def wait(self, started: str, patience: Patience) -> Run:
        """Wait for the end of a run. Raises ScenarioStuck."""

    def counts(self) -> Counts:
        """What was run since it was set up, by whomever."""

    def differences(self, patience: Patience) -> Sequence[str]:
        """What else is not as it must be in the end, in words."""
