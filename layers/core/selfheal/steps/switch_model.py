"""switch_model: change by hand which version of the global model serves. Called by the command, not by the machine."""

from dataclasses import dataclass

from selfheal.detect.model import load
from selfheal.domain.errors import ChampionChanged, InvalidEvent, ModelNotFound, ModelRefused
from selfheal.domain.model import EMBEDDED, Champion, ModelEntry, ModelEvent
from selfheal.model_ports import ModelLedger, ModelStore
from selfheal.ports import Clock


@dataclass(frozen=True, slots=True)
class ModelSwitch:
    """Switches under the name of ``by`` (an IAM identity), and writes it down."""

    models: ModelStore
    ledger: ModelLedger
    clock: Clock
    by: str

    def promote(self, version: str) -> Champion:
        """Let a stored version serve. Promoting the one that serves changes nothing.

        Raises ModelNotFound, ModelRefused when this release of Selfheal cannot use it, ChampionChanged.
        """
        before = self.models.champion()
        load(self.models.artifact(version))
        if before.version == version:
            return before
        return self._switch(ModelEvent.PROMOTED, before, before.promoted(version))

    def roll_back(self) -> Champion:
        """Let the version before serve again: the last one that can still be used, or the embedded model.

        Raises NothingToRollBack, ChampionChanged.
        """
        before = self.models.champion()
        return self._switch(ModelEvent.ROLLED_BACK, before, before.rolled_back_to(self._usable))

    def _usable(self, version: str) -> bool:
        try:
            load(self.models.artifact(version))
        except (ModelNotFound, ModelRefused, InvalidEvent):
            return False
        return True

    def _switch(self, event: ModelEvent, before: Champion, after: Champion) -> Champion:
        """The entry comes first: no model ever serves without one."""
        self._record(event, after.version, before.version)
        if not self.models.switch(after):
            self._record(ModelEvent.REFUSED, after.version, before.version)
            raise ChampionChanged(
                "somebody else changed the champion at this moment; look at it and try again"
            )
        return after

    def _record(self, event: ModelEvent, version: str, instead_of: str) -> None:
        about = "" if version == EMBEDDED else version
        data = {"champion": version, "instead_of": instead_of}
        self.ledger.append(ModelEntry(event, about, self.clock.now(), self.by, data))
