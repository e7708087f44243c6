"""serve_model: the model that scores come from: the champion, or the embedded one when it cannot be used."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from selfheal.detect.model import GlobalModel, embedded_model, load
from selfheal.domain.errors import InvalidEvent, ModelNotFound, ModelRefused, SelfhealError
from selfheal.domain.model import EMBEDDED, NEVER, Champion
from selfheal.model_ports import ModelStore
from selfheal.ports import Clock

FRESH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Serving:
    """``trained`` is the champion, None when the embedded model serves; ``refused`` says why it cannot, else empty."""

    champion: Champion
    trained: GlobalModel | None = None
    refused: str = ""

    @property
    def model(self) -> GlobalModel:
        """The model that serves."""
        return self.trained or embedded_model()

    @property
    def version(self) -> str:
        """The version that serves, whatever the pointer says."""
        return self.champion.version if self.trained else EMBEDDED


def serving(models: ModelStore, champion: Champion) -> Serving:
    """The champion, read and checked. What is damaged or does not fit is no error: the embedded model serves then."""
    if not champion.served:
        return Serving(champion, refused=champion.damage)
    try:
        return Serving(champion, load(models.artifact(champion.version)))
    except (ModelNotFound, ModelRefused, InvalidEvent) as error:
        return Serving(champion, refused=f"{champion.version}: {error}")


@dataclass(slots=True)
class ModelServer:
    """Hands out the model that serves; looks at the pointer again after ``FRESH``, loads only what changed.

    ``tell`` is told why, each time that the champion cannot be used or read: scores go on with the model at hand.
    """

    models: ModelStore
    clock: Clock
    tell: Callable[[str], None]
    _held: Serving = field(default_factory=lambda: Serving(Champion()))
    _until: datetime = NEVER

    def current(self) -> GlobalModel:
        """The champion, or the embedded model in its place."""
        now = self.clock.now()
        if now >= self._until:
            self._look()
            self._until = now + FRESH
        return self._held.model

    def _look(self) -> None:
        try:
            champion = self.models.champion()
            if self._held.trained is None or champion.version != self._held.champion.version:
                self._held = serving(self.models, champion)
        except SelfhealError as error:
            self.tell(f"the champion cannot be looked up: {error}")
            return
        if self._held.refused:
            self.tell(self._held.refused)
