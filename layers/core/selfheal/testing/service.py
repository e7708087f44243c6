"""CodeBuild in memory: one object behind all the ports that reach the real one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from selfheal.domain.errors import RequestRejected, RunNotFound
from selfheal.domain.measurement import TestTotals
from selfheal.domain.run import LogLocation, LogObject, Run, RunRef, RunStatus
from selfheal.measure_ports import Utilisation
from selfheal.ports import LogLine, TestCase
from selfheal.remedy_ports import BuildDetails, Overrides
from selfheal.testing.builders import NOON


@dataclass
class FixedClock:
    """A clock that stands still until it is moved."""

    moment: datetime = NOON

    def now(self) -> datetime:
        """The moment it stands at."""
        return self.moment

    def advance(self, seconds: float) -> None:
        """Move it forward."""
        self.moment += timedelta(seconds=seconds)


@dataclass
class FakeService:
    """CodeBuild as far as the ports go: RunReader, TestReports, BuildMetrics, LogReader, LogSizes,
    Builds, FinishedRuns, PastRuns, DeploymentSteps.

    ``crash_after_start`` makes the next started build happen and the caller not hear of it.
    """

    runs: dict[str, Run] = field(default_factory=dict)
    logs: dict[LogLocation | LogObject, list[str]] = field(default_factory=dict)
    cases: list[TestCase] = field(default_factory=list)
    steps: dict[str, dict[str, float]] = field(default_factory=dict)
    use: Utilisation = field(default_factory=lambda: Utilisation(50.0, 25.0, 1e6, 2e6))
    actor: str = "selfheal-role/execute-action"
    clock: FixedClock = field(default_factory=FixedClock)
    build_details: BuildDetails = field(
        default_factory=lambda: BuildDetails(True, "", 0, False, "LINUX_CONTAINER", "BUILD_GENERAL1_SMALL")
    )
    dropped: list[str] = field(default_factory=list)
    rejects: str = ""
    crash_after_start: bool = False
    started: list[tuple[str, str]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def add(self, run: Run, *log: str) -> Run:
        """A run the service knows, with its log."""
        self.runs[run.ref.run_id] = run
        if run.log and log:
            self.logs[run.log] = list(log)
        return run

    def read(self, ref: RunRef) -> Run:
        """RunReader."""
        if ref.run_id not in self.runs:
            raise RunNotFound(f"{ref.run_id} is not known to CodeBuild")
        return self.runs[ref.run_id]

    def totals(self, report_arns: Sequence[str]) -> TestTotals | None:
        """TestReports."""
        return TestTotals(len(self.cases), len(self.cases), 0) if report_arns else None

    def failures(self, report_arns: Sequence[str], limit: int) -> list[TestCase]:
        """TestReports."""
        return self.cases[:limit] if report_arns else []

    def utilisation(self, run: Run) -> Utilisation:
        """BuildMetrics."""
        return self.use

    def bytes_of(self, location: LogLocation) -> int | None:
        """LogSizes."""
        log = self.logs.get(location)
        return None if log is None else sum(len(line.encode()) for line in log)

    def lines(self, place: LogLocation | LogObject) -> Iterator[LogLine]:
        """LogReader."""
        return (LogLine(n, text) for n, text in enumerate(self.logs.get(place, []), 1))

    def retry(self, build_id: str, token: str) -> str:
        """Builds."""
        return self._start("retry", self.runs[build_id], token)

    def drop_cache(self, project: str) -> None:
        """Builds."""
        self.dropped.append(project)

    def start(self, project: str, source_version: str, overrides: Overrides, token: str) -> str:
        """Builds."""
        same = (run for run in self.runs.values() if run.source_version == source_version)
        clean, size, minutes = overrides.no_cache, overrides.compute_type, overrides.timeout_minutes
        how = " ".join(filter(None, ("clean" if clean else "", size, f"{minutes} min" if minutes else "")))
        return self._start(how, next(same), token)

    def details(self, build_id: str) -> BuildDetails:
        """Builds."""
        return self.build_details

    def started_since(self, project: str, since: datetime) -> list[Run]:
        """Builds."""
        found = [r for r in self.runs.values() if r.ref.key.name == project and r.started_at >= since]
        return sorted(found, key=lambda run: run.started_at, reverse=True)

    def ended_since(self, since: datetime) -> Iterable[RunRef]:
        """FinishedRuns."""
        return [run.ref for run in self.runs.values() if run.ended_at and run.ended_at >= since]

    def seconds_of(self, deployment_id: str) -> dict[str, float]:
        """DeploymentSteps."""
        return self.steps.get(deployment_id, {})

    def ended_between(self, since: datetime, until: datetime) -> Iterator[Run]:
        """PastRuns."""
        ended = [run for run in self.runs.values() if run.ended_at and since <= run.ended_at < until]
        yield from sorted(ended, key=lambda run: run.started_at, reverse=True)

    def _start(self, how: str, run: Run, token: str) -> str:
        if self.rejects:
            raise RequestRejected(self.rejects)
        if token not in self.tokens:
            new_id = f"{run.ref.key.name}:again-{len(self.started) + 1}"
            self.started.append((how, run.ref.run_id))
            self.tokens[token] = new_id
            new = replace(run, ref=RunRef(run.ref.key, new_id), status=RunStatus.IN_PROGRESS, ended_at=None)
            self.add(replace(new, initiator=self.actor, started_at=self.clock.now()))
        if self.crash_after_start:
            self.crash_after_start = False
            raise ConnectionError("the function died here")
        return self.tokens[token]
