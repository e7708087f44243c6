"""The stores, the bus, the queue, the model and the waiting executions, in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from selfheal.domain.conversation import ModelReply, Question, Reservation, TokenLimits, Usage
from selfheal.domain.errors import (
    IncidentNotFound,
    NoSuggestion,
    RunNotFound,
    TokensSpent,
)
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.measurement import Measurement, most_complete
from selfheal.domain.run import PipelineKey
from selfheal.domain.score import Score
from selfheal.ports import Meter, StoredRun


@dataclass
class MemoryRuns:
    """RunStore."""

    stored: dict[str, StoredRun] = field(default_factory=dict)

    def save(self, measurement: Measurement, *, announced: bool = False, settled: bool = True) -> StoredRun:
        """RunStore."""
        return self.stored.setdefault(measurement.run_id, StoredRun(measurement, announced, settled=settled))

    def complete(self, old: Measurement, new: Measurement) -> StoredRun:
        """RunStore."""
        stored = self._stored(old.run_id)
        if stored.measurement == old and not stored.settled:
            self.stored[old.run_id] = replace(stored, measurement=new)
        return self.stored[old.run_id]

    def settle(self, run_id: str) -> None:
        """RunStore."""
        self.stored[run_id] = replace(self._stored(run_id), settled=True)

    def mark_announced(self, run_id: str) -> None:
        """RunStore."""
        self.stored[run_id] = replace(self._stored(run_id), announced=True)

    def mark_confirmed(self, run_id: str, confirmed: bool) -> None:
        """RunStore."""
        self.stored[run_id] = replace(self._stored(run_id), confirmed=confirmed)

    def keep_score(self, run_id: str, score: Score) -> None:
        """RunStore."""
        self.stored[run_id] = replace(self._stored(run_id), score=score)

    def get(self, run_id: str) -> StoredRun | None:
        """RunStore."""
        return self.stored.get(run_id)

    def known(self, run_ids: Sequence[str]) -> dict[str, StoredRun]:
        """RunStore."""
        return {run_id: self.stored[run_id] for run_id in run_ids if run_id in self.stored}

    def history(self, pipeline: PipelineKey, before: datetime, limit: int) -> list[StoredRun]:
        """RunStore."""
        of_pipeline = [run for run in self.stored.values() if run.measurement.pipeline == pipeline]
        past = [run for run in of_pipeline if run.measurement.started_at < before]
        return sorted(past, key=lambda run: run.measurement.started_at, reverse=True)[:limit]

    def _stored(self, run_id: str) -> StoredRun:
        if run_id not in self.stored:
            raise RunNotFound(f"run_id: {run_id} is not in the table")
        return self.stored[run_id]


@dataclass
class MemoryLake:
    """Lake and LakeReader: what was put, in that order. ``skipped`` is what a test says could not be read."""

    written: list[Measurement] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def put(self, measurements: Sequence[Measurement]) -> list[str]:
        """Lake."""
        self.written += measurements
        return sorted({f"measurements/dt={m.started_at.astimezone(UTC):%Y-%m-%d}" for m in measurements})

    def read(self, since: datetime, until: datetime) -> Iterator[Measurement]:
        """LakeReader."""
        within = (m for m in most_complete(self.written).values() if since <= m.started_at < until)
        yield from sorted(within, key=lambda m: (m.started_at, m.run_id))

    @property
    def held(self) -> dict[str, Measurement]:
        """The most complete measurement of each run."""
        return most_complete(self.written)


@dataclass
class MemoryQuarantine:
    """Quarantine: the measurement and its reasons by run id."""

    held: dict[str, tuple[Measurement, tuple[str, ...]]] = field(default_factory=dict)

    def put(self, measurement: Measurement, reasons: Sequence[str]) -> bool:
        """Quarantine."""
        new = measurement.run_id not in self.held
        self.held.setdefault(measurement.run_id, (measurement, tuple(reasons)))
        return new


@dataclass
class MemoryIncidents:
    """IncidentStore."""

    stored: dict[str, Incident] = field(default_factory=dict)

    def open(self, incident: Incident) -> bool:
        """IncidentStore."""
        return self.stored.setdefault(incident.id, incident) is incident

    def get(self, incident_id: str) -> Incident:
        """IncidentStore."""
        if incident_id not in self.stored:
            raise IncidentNotFound(f"incident_id: there is no incident {incident_id!r}")
        return self.stored[incident_id]

    def recent(self, limit: int) -> list[Incident]:
        """IncidentStore."""
        return sorted(self.stored.values(), key=lambda i: i.opened_at, reverse=True)[:limit]


@dataclass
class MemoryLedger:
    """Ledger."""

    written: list[LedgerEntry] = field(default_factory=list)

    def append(self, entry: LedgerEntry) -> bool:
        """Ledger."""
        if any((e.incident_id, e.kind) == (entry.incident_id, entry.kind) for e in self.written):
            return False
        self.written.append(entry)
        return True

    def entry(self, incident_id: str, kind: LedgerKind) -> LedgerEntry | None:
        """Ledger."""
        return next((e for e in self.entries(incident_id) if e.kind is kind), None)

    def entries(self, incident_id: str) -> list[LedgerEntry]:
        """Ledger."""
        return [entry for entry in self.written if entry.incident_id == incident_id]


@dataclass
class MemoryBus:
    """EventBus and Notifier: what was told to whom."""

    published: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        """EventBus."""
        self.published.append((detail_type, detail))

    def send(self, subject: str, text: str) -> None:
        """Notifier."""
        self.messages.append((subject, text))


@dataclass
class MemoryQueue:
    """IntakeQueue."""

    events: list[Mapping[str, object]] = field(default_factory=list)

    def send(self, events: Iterable[Mapping[str, object]]) -> None:
        """IntakeQueue."""
        self.events += events


@dataclass
class MemoryTokenBudget:
    """TokenBudget of one day."""

    limits: TokenLimits = field(default_factory=lambda: TokenLimits(per_incident=50_000, per_day=1_000_000))
    spent: dict[str, int] = field(default_factory=dict)

    def reserve(self, incident_id: str, tokens: int) -> Reservation:
        """TokenBudget."""
        for name, limit in ((incident_id, self.limits.per_incident), ("day", self.limits.per_day)):
            if self.spent.get(name, 0) + tokens > limit:
                raise TokensSpent(f"no {tokens} tokens are left of the {limit} for {name}")
            self.spent[name] = self.spent.get(name, 0) + tokens
        return Reservation(tokens, {name: self.spent[name] for name in (incident_id, "day")})

    def give_back(self, reservation: Reservation, tokens: int) -> None:
        """TokenBudget."""
        for name, count in reservation.counts.items():
            if self.spent[name] == count:
                self.spent[name] -= tokens


@dataclass
class ScriptedModel:
    """Model: answers with the given text, or with NoSuggestion when there is none; each call uses 110 tokens."""

    text: str = ""
    model_id: str = "global.amazon.nova-2-lite-v1:0"
    asked: list[Question] = field(default_factory=list)

    def ask(self, question: Question, meter: Meter) -> ModelReply:
        """Model."""
        reservation = meter.reserve(1000)
        self.asked.append(question)
        meter.settle(reservation, Usage(self.model_id, input_tokens=100, output_tokens=10))
        if not self.text:
            raise NoSuggestion("the script is empty")
        return ModelReply(self.text, self.model_id)
