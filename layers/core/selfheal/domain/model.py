"""Model: the versions of the global model, which of them serves, and the record of what was decided about them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from selfheal.domain.errors import InvalidEvent, NothingToRollBack

EMBEDDED = "embedded"
KEPT_FOR_ROLLBACK = 20
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a model did on a replay of recent runs, as they were and each with an anomaly injected.

    ``alarms_per_1000``: on the runs as they were. Shares (0 to 1) of the injected anomalies: ``caught`` by an alarm,
    ``ranked`` above 99 % of the runs as they were, whatever the thresholds.
    """

    runs: int
    alarms_per_1000: float
    caught: float
    ranked: float


@dataclass(frozen=True, slots=True)
class Bins:
    """How one metric was spread: bins between ``cuts``, ascending, each from its lower cut on; ``shares`` (0 to 1) of
    the runs, one for each bin."""

    cuts: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is known of a version without reading its artifact.

    ``runs`` and ``pipelines`` were trained on; ``figures`` is its replay when it was a challenger; ``reference`` is
    how metrics and scores of the recent runs were spread then, by name: what drift is measured against. ``package`` is
    where a hosted forest is registered, empty for an embedded one.
    """

    version: str
    trained_at: datetime
    runs: int
    pipelines: int
    features_version: str
    library: str
    sha256: str
    figures: Figures | None = None
    reference: dict[str, Bins] = field(default_factory=dict)
    package: str = ""

    def __post_init__(self) -> None:
        require_version(self.version)


@dataclass(frozen=True, slots=True)
class Champion:
    """Which version serves: the last of ``served``. A rollback goes back to the one before it, last of all to the
    model that is embedded in the code. ``tag`` names this very state of the pointer, empty while there is none.
    ``damage`` says why a stored pointer names no version; the next promotion replaces it. ``moving``: the version that
    an endpoint is on its way to, and nobody knows which one answers meanwhile; empty when it stands still."""

    served: tuple[str, ...] = ()
    tag: str = ""
    damage: str = ""
    moving: str = ""

    @property
    def version(self) -> str:
        """The version that serves."""
        return self.served[-1] if self.served else EMBEDDED

    def promoted(self, version: str) -> "Champion":
        """The pointer after that version took over. Raises InvalidEvent for what cannot be a version."""
        require_version(version)
        return Champion((*self.served, version)[-KEPT_FOR_ROLLBACK:], self.tag)

    def rolled_back(self) -> "Champion":
        """The pointer after the one before took over again. Raises NothingToRollBack."""
        if not self.served:
            raise NothingToRollBack("the embedded model serves; no other one was ever promoted before it")
        return Champion(self.served[:-1], self.tag)

    def rolled_back_to(self, usable: Callable[[str], bool]) -> "Champion":
        """The pointer after the last one before that is ``usable`` took over again, or the embedded model. Raises
        NothingToRollBack."""
        after = self.rolled_back()
        while after.served and not usable(after.version):
            after = after.rolled_back()
        return after

    def towards(self, version: str) -> "Champion":
        """The pointer while an endpoint is on its way to that version. Raises InvalidEvent."""
        require_version(version)
        return Champion(self.served, self.tag, moving=version)

    def arrived(self, version: str) -> "Champion":
        """The pointer once the endpoint serves that version, wherever it was going: new on top, or the one that a
        rollback left on top."""
        standing = Champion(self.served, self.tag)
        return standing if standing.version == version else standing.promoted(version)


@dataclass(frozen=True, slots=True)
class DriftState:
    """What the last check for drift found.

    ``above``: checks in a row that found drift; ``latched``: a training was asked for, and nothing more will be
    until the drift is gone; ``index`` is the largest population stability index, found for ``metric``.
    """

    checked_at: datetime = NEVER
    trained_at: datetime = NEVER
    above: int = 0
    latched: bool = False
    index: float = 0.0
    metric: str = ""


class ModelEvent(StrEnum):
    """What an entry of the models' record says. ``skipped``: nothing was trained, with the reason."""

    PROMOTED = "promoted"
    REFUSED = "refused"
    SKIPPED = "skipped"
    ROLLED_BACK = "rolled_back"


class Result(StrEnum):
    """What came of it; the first three are events of the models' record too. ``steady``: no drift, no training."""

    PROMOTED = ModelEvent.PROMOTED
    REFUSED = ModelEvent.REFUSED
    SKIPPED = ModelEvent.SKIPPED
    STEADY = "steady"


@dataclass(frozen=True, slots=True)
class Training:
    """The result with its reason in words. ``figures`` and ``champion_figures`` are the two replays; ``drift`` is the
    largest stability index of a check; ``unread`` is how many places of the lake could not be read; ``hosted`` is the
    execution that trains the hosted forest, or why there is none."""

    result: Result
    reason: str
    champion: str
    version: str = ""
    figures: Figures | None = None
    champion_figures: Figures | None = None
    drift: float | None = None
    unread: int = 0
    hosted: str = ""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One entry of the models' record. ``version`` is the one it is about, empty when there is none; ``by`` is the
    function or the IAM identity that did it; ``data`` is JSON-shaped."""

    event: ModelEvent
    version: str
    at: datetime
    by: str
    data: Mapping[str, object]


def require_version(version: str) -> None:
    """A version is part of object names. Raises InvalidEvent."""
    if version == EMBEDDED:
        raise InvalidEvent(
            "version",
            f"{version!r} is the package's own model; only `selfheal model rollback` goes back to it",
        )
    if not _VERSION.fullmatch(version):
        raise InvalidEvent(
            "version", f"{version!r} is no version of a model; `selfheal model list` shows them all"
        )
