"""switch_hosted: change by hand which version of the hosted forest serves. The command calls it, not the machine."""

from dataclasses import dataclass

from selfheal.detect.hosted import load_hosted
from selfheal.domain.errors import ChampionChanged, InvalidEvent, ModelNotFound, ModelRefused
from selfheal.domain.model import EMBEDDED, Champion, ModelEntry, ModelEvent
from selfheal.model_ports import Endpoint, ModelLedger, ModelStore
from selfheal.ports import Clock


@dataclass(frozen=True, slots=True)
class HostedSwitch:
    """Switches under the name of ``by`` (an IAM identity), and writes it down. Until the endpoint got there the
    embedded forest serves."""

    models: ModelStore
    endpoint: Endpoint
    ledger: ModelLedger
    clock: Clock
    by: str

    def promote(self, version: str) -> Champion:
        """Let a stored version serve. Promoting the one that serves changes nothing.

        Raises ModelNotFound, ModelRefused when this release of Selfheal cannot use it, ChampionChanged.
        """
        before = self._standing()
        self._require(version)
        if before.version == version:
            return before
        return self._go(ModelEvent.PROMOTED, before, before.towards(version), version)

    def roll_back(self) -> Champion:
        """Let the version before serve again: the last one that can still be used, or the embedded forest.

        Raises NothingToRollBack, ChampionChanged.
        """
        before = self._standing()
        after = before.rolled_back_to(self._usable)
        moving = after.towards(after.version) if after.served else after
        return self._go(ModelEvent.ROLLED_BACK, before, moving, after.version)

    def _standing(self) -> Champion:
        champion = self.models.champion()
        if champion.moving:
            raise ChampionChanged(
                f"the endpoint is on its way to {champion.moving}; try again when it got there (some ten minutes)"
            )
        return champion

    def _go(self, event: ModelEvent, before: Champion, after: Champion, version: str) -> Champion:
        """The entry comes first, then the pointer, then the endpoint: promote_model finds what was begun."""
        self._record(event, version, before.version)
        if not self.models.switch(after):
            self._record(ModelEvent.REFUSED, version, before.version)
            raise ChampionChanged(
                "somebody else changed the champion at this moment; look at it and try again"
            )
        if after.moving:
            self.endpoint.go_to(version, self.models.record(version).package)
        return after

    def _require(self, version: str) -> None:
        load_hosted(self.models.artifact(version))

    def _usable(self, version: str) -> bool:
        try:
            self._require(version)
        except (ModelNotFound, ModelRefused, InvalidEvent):
            return False
        return True

    def _record(self, event: ModelEvent, version: str, instead_of: str) -> None:
        about = "" if version == EMBEDDED else version
        data = {"champion": version, "instead_of": instead_of, "backend": "sagemaker"}
        self.ledger.append(ModelEntry(event, about, self.clock.now(), self.by, data))
