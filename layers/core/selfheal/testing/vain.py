"""What was tried in vain, in memory."""

from dataclasses import dataclass, field

from selfheal.domain.incident import Lineage
from selfheal.domain.verification import Vain


@dataclass
class MemoryVain:
    """VainAttempts."""

    noted: dict[tuple[Lineage, str], Vain] = field(default_factory=dict)

    def note(self, lineage: Lineage, fingerprint: str, vain: Vain) -> None:
        """VainAttempts."""
        self.noted[lineage, fingerprint] = vain

    def of(self, lineage: Lineage, fingerprint: str) -> Vain | None:
        """VainAttempts."""
        return self.noted.get((lineage, fingerprint))
