"""The memory of failures, in memory."""

from dataclasses import dataclass, field, replace

from selfheal.domain.experiment import Label
from selfheal.domain.run import PipelineKey
from selfheal.domain.sighting import Sighting


@dataclass
class MemoryFailures:
    """FailureMemory."""

    noted: dict[str, Sighting] = field(default_factory=dict)

    def remember(self, sighting: Sighting) -> None:
        """FailureMemory."""
        self.noted[sighting.run_id] = sighting

    def seen(self, pipeline: PipelineKey, fingerprint: str, limit: int) -> list[Sighting]:
        """FailureMemory."""
        same = [s for s in self.noted.values() if (s.pipeline, s.fingerprint) == (pipeline, fingerprint)]
        return sorted(same, key=lambda sighting: sighting.started_at, reverse=True)[:limit]

    def label(self, run_id: str, label: Label) -> None:
        """FailureMemory."""
        if run_id in self.noted:
            self.noted[run_id] = replace(self.noted[run_id], label=label)

    def with_tests(self, limit: int) -> list[Sighting]:
        """FailureMemory."""
        found = [sighting for sighting in self.noted.values() if sighting.tests]
        return sorted(found, key=lambda sighting: sighting.started_at, reverse=True)[:limit]
