"""The life of the global model, in memory."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from selfheal.detect.hosted import HostedModel
from selfheal.detect.model import GlobalModel
from selfheal.detect.reference import Reference
from selfheal.domain.errors import ModelNotFound
from selfheal.domain.model import Champion, DriftState, ModelEntry, ModelRecord, require_version
from selfheal.testing.builders import NOON


def a_record(version: str = "m1", **changes: object) -> ModelRecord:
    """The record of a model trained at noon on 500 runs of 5 pipelines."""
    record = ModelRecord(
        version=version,
        trained_at=NOON,
        runs=500,
        pipelines=5,
        features_version="1",
        library="krcf 0.4.0",
        sha256=hashlib.sha256(version.encode()).hexdigest(),
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def a_model(version: str = "m1") -> GlobalModel:
    """The model of that record. Its forest is no forest: nothing is scored with it."""
    reference = Reference((0.5, 0.1, 0.01, 0.001), (1.0, 2.0, 3.0, 4.0))
    return GlobalModel(version, NOON, 500, 5, reference, reference, version.encode(), "krcf 0.4.0")


@dataclass
class MemoryModels:
    """ModelStore. ``before_switch`` is what somebody else makes of the pointer right before the next switch."""

    records: dict[str, ModelRecord] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    pointer: Champion = field(default_factory=Champion)
    before_switch: Champion | None = None

    def put(self, record: ModelRecord, artifact: bytes) -> None:
        """ModelStore."""
        self.records.setdefault(record.version, record)
        self.artifacts.setdefault(record.version, artifact)

    def record(self, version: str) -> ModelRecord:
        """ModelStore."""
        require_version(version)
        if version not in self.records:
            raise ModelNotFound(
                f"version: there is no model {version!r}; `selfheal model list` shows them all"
            )
        return self.records[version]

    def artifact(self, version: str) -> bytes:
        """ModelStore."""
        require_version(version)
        if version not in self.artifacts:
            raise ModelNotFound(
                f"version: there is no model {version!r}; `selfheal model list` shows them all"
            )
        return self.artifacts[version]

    def newest(self, limit: int) -> list[ModelRecord]:
        """ModelStore."""
        return sorted(self.records.values(), key=lambda record: record.trained_at, reverse=True)[:limit]

    def champion(self) -> Champion:
        """ModelStore."""
        return self.pointer

    def switch(self, champion: Champion) -> bool:
        """ModelStore. The tag counts the writes."""
        if self.before_switch:
            other, self.before_switch = self.before_switch, None
            self.switch(replace(other, tag=self.pointer.tag))
        if champion.tag != self.pointer.tag:
            return False
        self.pointer = replace(champion, tag=str(int(champion.tag or "0") + 1))
        return True


@dataclass
class MemoryModelLedger:
    """ModelLedger."""

    written: list[ModelEntry] = field(default_factory=list)

    def append(self, entry: ModelEntry) -> bool:
        """ModelLedger."""
        if any((e.at, e.event, e.version) == (entry.at, entry.event, entry.version) for e in self.written):
            return False
        self.written.append(entry)
        return True

    def recent(self, limit: int) -> list[ModelEntry]:
        """ModelLedger."""
        return sorted(self.written, key=lambda entry: entry.at, reverse=True)[:limit]


@dataclass
class MemoryDrift:
    """DriftStore."""

    state: DriftState = field(default_factory=DriftState)

    def load(self) -> DriftState:
        """DriftStore."""
        return self.state

    def save(self, state: DriftState) -> bool:
        """DriftStore."""
        if state.checked_at <= self.state.checked_at:
            return False
        self.state = state
        return True


def a_hosted_model(version: str = "h1", unit: float = 0.5) -> HostedModel:
    """A version of the hosted forest whose answers count half."""
    reference = Reference((0.5, 0.1, 0.01, 0.001), (1.0, 2.0, 3.0, 4.0))
    return HostedModel(version, NOON, 500, 5, unit, reference)


@dataclass
class MemoryForest:
    """HostedForest that answers the same to every vector, or raises. ``asked`` counts the calls."""

    answer: float = 1.0
    error: Exception | None = None
    asked: int = 0

    def scores(self, vectors: Sequence[Sequence[float]]) -> list[float]:
        """HostedForest."""
        self.asked += 1
        if self.error:
            raise self.error
        return [self.answer] * len(vectors)
