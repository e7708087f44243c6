"""score_run: compare a measured run with its pipeline's baseline; open an incident when it needs attention."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from selfheal.detect.confirmed import without_confirmed
from selfheal.detect.detector import WINDOW, Detector
from selfheal.domain.errors import RunNotFound
from selfheal.domain.incident import Incident, IncidentKind, incident_id
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, RunRef, RunStatus
from selfheal.domain.score import Level, Score
from selfheal.measure_ports import Standings
from selfheal.ports import (
    ActionStore,
    Clock,
    EventBus,
    IncidentStore,
    Ledger,
    RunStore,
    Scored,
    StoredRun,
)
from selfheal.steps.open_incident import lineage_of, open_incident
from selfheal.steps.standing import standing_of

REPEATS = 5


@dataclass(frozen=True, slots=True)
class RunMeasured:
    """The detail of a "Run Measured" event."""

    run_id: str
    pipeline: PipelineKey
    status: RunStatus


def score_run(
    measured: RunMeasured,
    *,
    runs: RunStore,
    standings: Standings,
    detector: Detector,
    actions: ActionStore,
    incidents: IncidentStore,
    ledger: Ledger,
    bus: EventBus,
    clock: Clock,
    actor: str,
) -> Scored:
    """Score one run and open its incident if it has earned one. Raises RunNotFound.

    ``actor`` is the name in the initiator of the runs that Selfheal itself started.
    """
    stored = runs.get(measured.run_id)
    if stored is None:
        raise RunNotFound(f"run_id: {measured.run_id} is not in the table; was it measured by another stack?")
    measurement = _spoken_for(stored.measurement, runs)
    history = runs.history(measurement.pipeline, measurement.started_at, WINDOW)
    score = detector.score(measurement, without_confirmed(history))
    runs.keep_score(measurement.run_id, score)
    kind = attention(measurement, score)
    if kind is IncidentKind.ANOMALOUS and told_already(score, history, actor):
        kind = None
    if kind is not None and not _started_by_selfheal(measurement, actions, actor):
        open_incident(_incident(measurement, kind, score, clock.now()), incidents, ledger, bus)
    standings.keep(standing_of([replace(stored, score=score), *history]))
    return Scored(measurement, score)


def _incident(measurement: Measurement, kind: IncidentKind, score: Score, now: datetime) -> Incident:
    return Incident(
        id=incident_id(measurement.run_id),
        run=RunRef(measurement.pipeline, measurement.run_id),
        kind=kind,
        lineage=lineage_of(measurement),
        opened_at=now,
        score=score,
    )


def _spoken_for(measurement: Measurement, runs: RunStore) -> Measurement:
    """A run inside that this stack does not see, in another Region or account, has no incident and covers nothing."""
    covered = not measurement.covered_by or runs.get(measurement.covered_by)
    return measurement if covered else replace(measurement, covered_by="")


def attention(measurement: Measurement, score: Score) -> IncidentKind | None:
    """Why a run needs attention; None when it does not. A stopped run was stopped by a person: that is no incident."""
    if measurement.status.failed:
        return None if measurement.covered_by else IncidentKind.FAILED
    if measurement.status is RunStatus.SUCCEEDED and score.level is not Level.NONE:
        return IncidentKind.ANOMALOUS
    return None


def told_already(score: Score, history: Sequence[StoredRun], actor: str) -> bool:
    """Whether one of the last runs (newest first) was odd in the same way: people hear of it once. A level shift is
    news even so, and so is what was odd only in runs that could open no anomaly: they failed, or ``actor`` started
    them."""
    if score.shift or not score.blame:
        return False
    recent = [
        run.score
        for run in history[:REPEATS]
        if run.score
        and attention(run.measurement, run.score) is IncidentKind.ANOMALOUS
        and not _started_by(actor, run.measurement)
    ]
    return any(_same_way(score, past) for past in recent)


def _same_way(score: Score, past: Score) -> bool:
    return any(
        blame.metric == score.blame[0].metric and (blame.ratio > 1) == (score.blame[0].ratio > 1)
        for blame in past.blame[:1]
    )


def _started_by_selfheal(measurement: Measurement, actions: ActionStore, actor: str) -> bool:
    """A run that Selfheal started is the outcome of an incident, never the start of another."""
    return _started_by(actor, measurement) or bool(actions.incident_of_run(measurement.run_id))


def _started_by(actor: str, measurement: Measurement) -> bool:
    return bool(actor) and measurement.initiator.endswith(f"/{actor}")
