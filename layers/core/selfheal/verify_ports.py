"""What verification needs from the outside world, as Protocols; errors as in ports.py."""

from typing import Protocol

from selfheal.domain.incident import Lineage
from selfheal.domain.verification import Vain


class VainAttempts(Protocol):
    """What was tried in vain: for one commit of a pipeline, by the fingerprint of the failure."""

    def note(self, lineage: Lineage, fingerprint: str, vain: Vain) -> None:
        """Note an action that helped nothing; the last one of a failure is kept."""

    def of(self, lineage: Lineage, fingerprint: str) -> Vain | None:
        """The last action that helped nothing against this failure, read consistently; None when there is none."""
