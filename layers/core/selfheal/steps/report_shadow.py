"""report_shadow: what would have been done in the last days, and whether it would have been right. For the command."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.diagnosis import Cause
from selfheal.domain.experiment import repeats_commit, repeats_plainly
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey
from selfheal.domain.shadow import Shadow, ShadowReport, Watched, judge
from selfheal.ports import Clock, FailureMemory, IncidentStore, Ledger, RunStore
from selfheal.remedies.registry import remedy_module
from selfheal.wire import decode

INCIDENTS = 10_000
RUNS = 1000
SIGHTINGS = 200
WOULD_DO = (Verdict.ACT, Verdict.ASK)


@dataclass(frozen=True, slots=True)
class ShadowReporter:
    """Reads what a stack wrote down while it only watched; writes nothing."""

    incidents: IncidentStore
    ledger: Ledger
    runs: RunStore
    failures: FailureMemory
    clock: Clock

    def report(self, days: int) -> ShadowReport:
        """The last ``days`` days. Runs and sightings that have expired by then judge nothing."""
        since = self.clock.now() - timedelta(days=days)
        recent = [i for i in self.incidents.recent(INCIDENTS) if i.opened_at >= since]
        observed = 0
        found: list[tuple[Watched, str]] = []
        for incident in recent:
            entries = {entry.kind: entry for entry in self.ledger.entries(incident.id)}
            decision = decision_in(entries)
            if decision is None or decision.verdict is not Verdict.OBSERVE:
                continue
            observed += 1
            watched = self._watched(incident, decision, entries)
            if watched:
                found.append((watched, str(entries[LedgerKind.DIAGNOSED].data.get("fingerprint", ""))))
        return ShadowReport(since, observed, self._judged(found))

    def _watched(
        self, incident: Incident, decision: Decision, entries: Mapping[LedgerKind, LedgerEntry]
    ) -> Watched | None:
        """None where nothing would have been done, or the run itself is not known any more."""
        stored = self.runs.get(incident.run.run_id)
        if decision.would not in WOULD_DO or stored is None or LedgerKind.DIAGNOSED not in entries:
            return None
        remedy = remedy_module(decision.remedy).REMEDY
        return Watched(
            incident.id,
            stored.measurement,
            Cause(decision.cause),
            decision.remedy,
            decision.would,
            entries[LedgerKind.DECIDED].at + timedelta(seconds=decision.delay_seconds),
            repeats_commit(remedy),
            repeats_plainly(remedy),
        )

    def _judged(self, found: list[tuple[Watched, str]]) -> tuple[Shadow, ...]:
        now = self.clock.now()
        pipelines = {watched.run.pipeline for watched, _ in found}
        runs = {pipeline: self._history(pipeline, now) for pipeline in pipelines}
        return tuple(
            judge(watched, runs[watched.run.pipeline], self._same(watched.run.pipeline, fingerprint))
            for watched, fingerprint in found
        )

    def _history(self, pipeline: PipelineKey, now: datetime) -> list[Measurement]:
        return [run.measurement for run in self.runs.history(pipeline, now, RUNS)]

    def _same(self, pipeline: PipelineKey, fingerprint: str) -> set[str]:
        return {sighting.run_id for sighting in self.failures.seen(pipeline, fingerprint, SIGHTINGS)}


def decision_in(entries: Mapping[LedgerKind, LedgerEntry]) -> Decision | None:
    """The decision among an incident's entries; None while there is none."""
    entry = entries.get(LedgerKind.DECIDED)
    return decode(Decision, entry.data) if entry else None
