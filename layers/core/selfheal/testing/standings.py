"""How pipelines stand, in memory."""

from dataclasses import dataclass, field

from selfheal.domain.run import PipelineKey
from selfheal.domain.standing import Standing


@dataclass
class MemoryStandings:
    """Standings."""

    kept: dict[PipelineKey, Standing] = field(default_factory=dict)

    def keep(self, standing: Standing) -> bool:
        """Standings."""
        known = self.kept.get(standing.pipeline)
        if known and known.started_at > standing.started_at:
            return False
        self.kept[standing.pipeline] = standing
        return True

    def of(self, pipeline: PipelineKey) -> Standing | None:
        """Standings."""
        return self.kept.get(pipeline)

    def recent(self, limit: int) -> list[Standing]:
        """Standings."""
        return sorted(self.kept.values(), key=lambda each: each.started_at, reverse=True)[:limit]
