"""What the steps need from the outside world, as Protocols. Adapters implement them; tests use testing.py.

Every method may raise Throttled, ServiceUnavailable (worth another attempt) or RequestRejected (not).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfheal.domain.action import Action
from selfheal.domain.brakes import Brakes
from selfheal.domain.conversation import ModelReply, Question, Reservation, Usage
from selfheal.domain.experiment import Label
from selfheal.domain.incident import Incident, Lineage
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.limits import Limits
from selfheal.domain.measurement import Measurement, TestTotals
from selfheal.domain.run import LogLocation, LogObject, PipelineKey, Run, RunRef
from selfheal.domain.score import Score
from selfheal.domain.sighting import Sighting
from selfheal.domain.spending import Spent


class Clock(Protocol):
    """Time, always with a zone."""

    def now(self) -> datetime:
        """The present moment in UTC."""


class RunReader(Protocol):
    """Reads a run from its service; an event is only ever a hint that there is one."""

    def read(self, ref: RunRef) -> Run:
        """The run as it stands. Raises RunNotFound when the service no longer knows it."""


@dataclass(frozen=True, slots=True)
class TestCase:
    """A test that did not pass: its full name, status (FAILED, ERROR) and message."""

    name: str
    status: str
    message: str


class TestReports(Protocol):
    """Reads CodeBuild test reports."""

    def totals(self, report_arns: Sequence[str]) -> TestTotals | None:
        """The totals over all reports, None when there are none."""

    def failures(self, report_arns: Sequence[str], limit: int) -> list[TestCase]:
        """The first ``limit`` tests that did not pass."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A raw line of a build log and its number there (1-based)."""

    number: int
    text: str


class LogReader(Protocol):
    """Reads build logs of any size."""

    def lines(self, place: LogLocation | LogObject) -> Iterator[LogLine]:
        """The log's lines in order, read while they are asked for; none when there is no such log.

        A log beyond the reader's limit is read from its start and at its end; what is left out is said in a
        line of its own. Errors come while iterating.
        """


class Lake(Protocol):
    """The long memory: every measurement, for training and for Athena."""

    def put(self, measurements: Sequence[Measurement]) -> list[str]:
        """Write measurements, one object a day; gives the objects' names. The same ones give the same names."""


class LakeReader(Protocol):
    """The long memory, read back."""

    @property
    def skipped(self) -> Mapping[str, int]:
        """What could not be read so far: how often, by object and reason."""

    def read(self, since: datetime, until: datetime) -> Iterator[Measurement]:
        """Every run that started from ``since`` to before ``until``, in order of start, once: the most complete
        measurement of it. Streams with at most a day in memory; what is damaged is skipped and counted, and so are
        the oldest days of a lake that is too large to be read in time."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A measured run: ``announced`` once the bus was told of it, ``confirmed`` while its incident counts as real,
    ``settled`` once no more metrics are waited for, ``score`` once it was scored."""

    measurement: Measurement
    announced: bool
    confirmed: bool = False
    settled: bool = True
    score: Score | None = None


class RunStore(Protocol):
    """The short memory of runs: what a baseline's window is read from."""

    def save(self, measurement: Measurement, *, announced: bool = False, settled: bool = True) -> StoredRun:
        """Store a measurement unless the run is there already; gives back what is stored then."""

    def complete(self, old: Measurement, new: Measurement) -> StoredRun:
        """Put ``new`` in the place of ``old``, unless something else is stored by now or the run is settled; gives
        back what is stored then. Raises RunNotFound when the run is not stored."""

    def settle(self, run_id: str) -> None:
        """Note that no more metrics are waited for. Raises RunNotFound."""

    def mark_announced(self, run_id: str) -> None:
        """Note that the bus was told of this run."""

    def mark_confirmed(self, run_id: str, confirmed: bool) -> None:
        """Note whether the run's incident was a real one. Raises RunNotFound when the run is not stored (any more)."""

    def keep_score(self, run_id: str, score: Score) -> None:
        """Note how odd the run was found. Raises RunNotFound."""

    def get(self, run_id: str) -> StoredRun | None:
        """The stored run, read consistently."""

    def known(self, run_ids: Sequence[str]) -> dict[str, StoredRun]:
        """Those of ``run_ids`` that are stored, by id."""

    def history(self, pipeline: PipelineKey, before: datetime, limit: int) -> list[StoredRun]:
        """The pipeline's last ``limit`` runs that started before ``before``, newest first."""


class FailureMemory(Protocol):
    """The memory of failures by fingerprint; what is older than half a year is forgotten."""

    def remember(self, sighting: Sighting) -> None:
        """Note that a run failed so; the same run again replaces what was noted of it."""

    def seen(self, pipeline: PipelineKey, fingerprint: str, limit: int) -> list[Sighting]:
        """The last ``limit`` sightings of one failure on one pipeline, newest first."""

    def label(self, run_id: str, label: Label) -> None:
        """Note what another attempt showed a run's failure to have been; nothing when the failure is forgotten."""

    def with_tests(self, limit: int) -> list[Sighting]:
        """The last ``limit`` sightings of all pipelines in which tests failed, newest first."""


class IncidentStore(Protocol):
    """Incidents."""

    def open(self, incident: Incident) -> bool:
        """Store an incident unless its run has one; True when it is new."""

    def get(self, incident_id: str) -> Incident:
        """One incident. Raises IncidentNotFound."""

    def recent(self, limit: int) -> list[Incident]:
        """The newest incidents first."""


class Ledger(Protocol):
    """The append-only record."""

    def append(self, entry: LedgerEntry) -> bool:
        """Write an entry unless the incident has one of this kind; True when it is new."""

    def entry(self, incident_id: str, kind: LedgerKind) -> LedgerEntry | None:
        """The incident's entry of that kind, read consistently; None while there is none."""

    def entries(self, incident_id: str) -> list[LedgerEntry]:
        """All entries of an incident in the order they were written."""


class ActionStore(Protocol):
    """Durable intents, budgets and brakes: what makes one incident have one action, and the account few."""

    def intend(self, action: Action, lineage: Lineage, limits: Limits) -> Action:
        """Write the intent, spend the budgets, begin the cool-down and take the breaker's one attempt: one transaction.

        Gives back the incident's action: the one written now, or the one that was there already (then
        nothing is spent again). Raises ActionRefused when a limit has no room left.
        """

    def finish(self, action: Action) -> None:
        """Note what became of the intent (started, done or refused) and which run it started."""

    def of_incident(self, incident_id: str) -> Action | None:
        """The incident's action, if it has one."""

    def incident_of_run(self, run_id: str) -> str:
        """The incident whose action started this run; empty when none did."""

    def spent(self, lineage: Lineage, at: datetime) -> Spent:
        """What the budgets have been charged so far."""

    def brakes(self, pipeline: PipelineKey, remedy: str) -> Brakes:
        """What cool-down and breaker go by, read consistently."""


class Waiters(Protocol):
    """Who waits for what: for the end of a run (by its id), or for the answer to an approval (by ``approval_of``)."""

    def add(self, awaited: str, token: str) -> None:
        """Remember that the holder of ``token`` waits for it; the same token twice is one waiter."""

    def of(self, awaited: str) -> list[str]:
        """The tokens of those who wait for it, read consistently."""

    def note_end(self, run_id: str, status: str) -> None:
        """Note how a run ended that somebody waits for, or may."""

    def end_of(self, run_id: str) -> str:
        """How that run ended, read consistently; empty while nobody has noted it."""


class Resumer(Protocol):
    """Resumes executions of the state machine."""

    def resume(self, token: str, output: Mapping[str, object]) -> bool:
        """Hand ``output`` to the waiting state; False when it no longer waits (answered or timed out)."""


class EventBus(Protocol):
    """The selfheal bus."""

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        """Put one event. Raises ServiceUnavailable when the bus did not take it."""


class IntakeQueue(Protocol):
    """The queue in front of ingest_run."""

    def send(self, events: Iterable[Mapping[str, object]]) -> None:
        """Send events of the shape EventBridge delivers."""


class FinishedRuns(Protocol):
    """Lists runs, so that those whose event never came are found."""

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """Every run that is over and ended at or after ``since``."""


class TokenBudget(Protocol):
    """The durable token budgets: how much models may be asked for one incident and on one day."""

    def reserve(self, incident_id: str, tokens: int) -> Reservation:
        """Charge ``tokens`` before they are used. Raises TokensSpent when a budget has no room for them."""

    def give_back(self, reservation: Reservation, tokens: int) -> None:
        """Take back so many of the reserved tokens, unless somebody else was charged since."""


class Meter(Protocol):
    """Counts what the calls for one suggestion use."""

    def reserve(self, tokens: int) -> Reservation:
        """Before a call: the most it can use. Raises TokensSpent."""

    def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """After a call: what it did use; None for nothing. A call that is not settled keeps its reservation."""


class Model(Protocol):
    """A language model behind Bedrock Converse."""

    def ask(self, question: Question, meter: Meter) -> ModelReply:
        """Ask for one JSON object that fits the question's schema. Raises NoSuggestion when none comes."""


class Notifier(Protocol):
    """Tells people."""

    def send(self, subject: str, text: str) -> None:
        """Publish a message; both are already redacted."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A measurement with its score, as score_run reports it in the log and as metrics."""

    measurement: Measurement
    score: Score
