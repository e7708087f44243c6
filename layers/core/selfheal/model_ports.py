"""What the life of the global model needs from the outside world, as Protocols; errors as in ports.py."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from selfheal.domain.hosting import EndpointState, ForestPackage
from selfheal.domain.model import Champion, DriftState, ModelEntry, ModelRecord


class ModelStore(Protocol):
    """The versions of the global model, and the pointer to the one that serves."""

    def put(self, record: ModelRecord, artifact: bytes) -> None:
        """Store a version. A version that is there already stays as it is."""

    def record(self, version: str) -> ModelRecord:
        """What is known of a version. Raises ModelNotFound."""

    def artifact(self, version: str) -> bytes:
        """The bytes of a version. Raises ModelNotFound."""

    def newest(self, limit: int) -> list[ModelRecord]:
        """The versions stored last, the newest training first."""

    def champion(self) -> Champion:
        """The pointer as it stands."""

    def switch(self, champion: Champion) -> bool:
        """Write the pointer unless somebody wrote it since ``champion.tag`` was read; False then."""


class ModelLedger(Protocol):
    """The append-only record of what was decided about models."""

    def append(self, entry: ModelEntry) -> bool:
        """Write an entry; False when it is there already (same moment, event and version)."""

    def recent(self, limit: int) -> list[ModelEntry]:
        """The newest entries first."""


class DriftStore(Protocol):
    """What the checks for drift remember from one to the next."""

    def load(self) -> DriftState:
        """The state after the last check, read consistently; a fresh one before the first."""

    def save(self, state: DriftState) -> bool:
        """Keep the state of a later check; False when a check of this moment or a later one was kept already."""


class HostedForest(Protocol):
    """A forest behind an endpoint."""

    def scores(self, vectors: Sequence[Sequence[float]]) -> list[float]:
        """What it says of each vector, in their order: a finite number of at least 0.

        Raises Throttled, ServiceUnavailable, RequestRejected (there is no such endpoint, or it is being made),
        InvalidEvent for an answer that does not fit."""


class TrainingPipeline(Protocol):
    """What trains the hosted forest."""

    def start(self, until: datetime) -> str:
        """Train on the runs before ``until``; gives the execution. Twice for the same moment is once."""

    def why_failed(self, execution: str) -> str:
        """What the service says of the step that failed; empty when none did."""


class ForestPackages(Protocol):
    """The registry of hosted forests, and what was made beside each."""

    def package(self, arn: str) -> ForestPackage:
        """A package. Raises ModelNotFound, InvalidEvent for one that names no objects of ours."""

    def read(self, place: str) -> bytes:
        """One of the objects that a package names. Raises ModelNotFound, InvalidEvent for a place that is not ours."""


class Endpoint(Protocol):
    """The endpoint of the hosted forest."""

    def state(self) -> EndpointState:
        """How it stands."""

    def go_to(self, version: str, package: str) -> None:
        """Begin to serve that version of that package; make the endpoint when there is none. What is there already
        stays as it is, so asking twice does no harm."""

    def scale(self) -> None:
        """Let it follow its load. It must serve; asking twice does no harm."""
