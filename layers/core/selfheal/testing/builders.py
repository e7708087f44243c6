"""Builders of domain objects: one call gives a sensible one, keywords change it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from selfheal.domain.incident import Incident, IncidentKind, Lineage, incident_id
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import (
    LogLocation,
    Phase,
    PipelineKey,
    Run,
    RunRef,
    RunStatus,
    Service,
)
from selfheal.domain.score import Level, Score

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SHOP = PipelineKey(Service.CODEBUILD, "shop")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def a_run(run_id: str = "shop:1", status: RunStatus = RunStatus.FAILED, **changes: object) -> Run:
    """A build of the project ``shop`` that ended badly in its BUILD phase after a minute."""
    failed = status.failed
    run = Run(
        ref=RunRef(SHOP, run_id),
        status=status,
        started_at=NOON,
        ended_at=NOON + timedelta(seconds=60),
        phases=(
            Phase("INSTALL", "SUCCEEDED", 10.0),
            Phase("BUILD", "FAILED" if failed else "SUCCEEDED", 40.0),
        ),
        source_version=COMMIT,
        initiator="developer",
        log=LogLocation("/aws/codebuild/shop", run_id),
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def a_measurement(
    run_id: str = "shop:1", status: RunStatus = RunStatus.SUCCEEDED, **changes: object
) -> Measurement:
    """The measurement of a one-minute build of ``shop``."""
    measurement = Measurement(
        run_id=run_id,
        pipeline=SHOP,
        status=status,
        started_at=NOON,
        duration_seconds=60.0,
        phases={"INSTALL": 10.0, "BUILD": 40.0},
        source_version=COMMIT,
        initiator="developer",
    )
    return replace(measurement, **changes)  # type: ignore[arg-type]


def an_incident(run_id: str = "shop:1", kind: IncidentKind = IncidentKind.FAILED) -> Incident:
    """The incident of a failed build of ``shop``, opened at noon."""
    return Incident(
        id=incident_id(run_id),
        run=RunRef(SHOP, run_id),
        kind=kind,
        lineage=Lineage(SHOP, COMMIT),
        opened_at=NOON,
        score=Score(0.0, ready=False, level=Level.NONE),
    )
