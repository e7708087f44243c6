"""What measuring a run needs from the outside world beside the run; errors as in ports.py."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfheal.domain.measurement import Measurement
from selfheal.domain.run import LogLocation, PipelineKey, Run
from selfheal.domain.standing import Standing


@dataclass(frozen=True, slots=True)
class Utilisation:
    """Averages of a build: CPU and memory in percent, storage in bytes per second; None where CloudWatch has
    nothing (yet)."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
    storage_read_rate: float | None = None
    storage_write_rate: float | None = None


class BuildMetrics(Protocol):
    """Reads the resource metrics CodeBuild puts to CloudWatch."""

    def utilisation(self, run: Run) -> Utilisation:
        """Averages over the build's life; nothing while it runs."""


class LogSizes(Protocol):
    """Says how large build logs are."""

    def bytes_of(self, location: LogLocation) -> int | None:
        """The bytes of the log's text, counted up to a limit; None when it cannot be read or does not exist."""


class DeploymentSteps(Protocol):
    """Says how long the steps of a deployment took."""

    def seconds_of(self, deployment_id: str) -> dict[str, float]:
        """The lifecycle events that went well, by name: the longest over the targets; empty when there are none."""


class Quarantine(Protocol):
    """Where measurements go that cannot be believed."""

    def put(self, measurement: Measurement, reasons: Sequence[str]) -> bool:
        """Set a measurement aside unless its run is there already; True when it is new."""


class PastRuns(Protocol):
    """Reads finished runs out of a service's history."""

    def ended_between(self, since: datetime, until: datetime) -> Iterator[Run]:
        """Every run that ended from ``since`` to before ``until``, whole, about newest first."""


class Standings(Protocol):
    """How every pipeline stands."""

    def keep(self, standing: Standing) -> bool:
        """Keep a standing unless that of a run that started later is kept; True when it was written."""

    def of(self, pipeline: PipelineKey) -> Standing | None:
        """How one pipeline stands, read consistently; None when none of its runs was scored."""

    def recent(self, limit: int) -> list[Standing]:
        """Those whose latest run is the newest, newest first."""
