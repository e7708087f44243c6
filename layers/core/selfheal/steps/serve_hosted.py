"""serve_hosted: the hosted forest as scores may use it: only while the endpoint stands still and answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from selfheal.detect.hosted import Hosted, HostedModel, load_hosted
from selfheal.domain.errors import ForestUnavailable, InvalidEvent, ModelNotFound, ModelRefused, SelfhealError
from selfheal.domain.model import NEVER
from selfheal.model_ports import HostedForest, ModelStore
from selfheal.ports import Clock

# Provisioning a new fleet takes SageMaker minutes, so whoever looks this often sees the pointer move before the
# endpoint does.
FRESH = timedelta(minutes=1)
COOL_DOWN = timedelta(minutes=1)


@dataclass(slots=True)
class HostedServer:
    """Hands out the hosted forest; looks at the pointer again after ``FRESH``.

    After a call that failed nobody asks for a minute: a run must not wait for an endpoint that hangs. ``tell`` is
    told why the embedded forest serves instead, each time that it begins to.
    """

    models: ModelStore
    forest: HostedForest
    clock: Clock
    tell: Callable[[str], None]
    _model: HostedModel | None = None
    _until: datetime = NEVER
    _closed: datetime = NEVER

    def current(self) -> Hosted | None:
        """The hosted forest; None while the embedded one has to serve."""
        now = self.clock.now()
        if now < self._closed:
            return None
        if now >= self._until:
            self._look()
            self._until = now + FRESH
        return Hosted(self._model, self._ask) if self._model else None

    def _look(self) -> None:
        """No version was promoted yet: that is no news. The pointer on its way: which version answers is not known."""
        version = ""
        try:
            champion = self.models.champion()
            if champion.moving or not champion.served:
                self._model = None
                if champion.damage or champion.moving:
                    self.tell(champion.damage or f"the endpoint is on its way to {champion.moving}")
                return
            version = champion.version
            if self._model is None or self._model.version != version:
                self._model = load_hosted(self.models.artifact(version))
        except (ModelNotFound, ModelRefused, InvalidEvent) as error:
            self._model = None
            self.tell(f"{version}: {error}")
        except SelfhealError as error:
            self._model = None
            self.tell(f"the hosted champion cannot be looked up: {error}")

    def _ask(self, vector: Sequence[float]) -> float:
        try:
            (score,) = self.forest.scores([vector])
        except SelfhealError as error:
            self._closed = self.clock.now() + COOL_DOWN
            self.tell(f"the endpoint does not serve: {error}")
            raise ForestUnavailable(str(error)) from None
        return score
