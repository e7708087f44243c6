"""measure_run: what every way of taking in a run has in common, live or out of the past: its numbers."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from selfheal.domain.errors import MeasurementIncomplete
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import LogLocation, Run, Service
from selfheal.measure_ports import BuildMetrics, DeploymentSteps, LogSizes
from selfheal.ports import StoredRun, TestReports

# CloudWatch lags a few minutes behind; then it is worth asking again.
METRICS_LATE = timedelta(minutes=10)
# What is not there this long after the end does not come: a short build, or a region without these metrics.
METRICS_GIVEN_UP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Gauges:
    """Where the numbers come from that a run's own service does not give with the run."""

    reports: TestReports
    metrics: BuildMetrics
    log_sizes: LogSizes
    deployment_steps: DeploymentSteps


def measure(run: Run, gauges: Gauges) -> Measurement:
    """The measurement of a finished run. Raises MeasurementIncomplete while the service says it is running."""
    duration = run.duration_seconds
    if not run.status.terminal or duration is None:
        raise MeasurementIncomplete(
            f"{run.ref.run_id} is still {run.status} although its event says it is over"
        )
    used = utilisation(run, gauges)
    return Measurement(
        run_id=run.ref.run_id,
        pipeline=run.ref.key,
        status=run.status,
        started_at=run.started_at,
        duration_seconds=duration,
        phases=_whole_phases(run) | _steps(run, gauges),
        queued_seconds=run.queued_seconds,
        tests=gauges.reports.totals(run.report_arns) if run.report_arns else None,
        **used,
        log_bytes=gauges.log_sizes.bytes_of(run.log) if isinstance(run.log, LogLocation) else None,
        cache=run.cache,
        source_version=run.source_version,
        initiator=run.initiator,
        compute_type=run.compute_type,
        covered_by=run.covered_by,
        rolls_back=run.rolls_back,
        missing=tuple(name for name, value in used.items() if value is None),
    )


def utilisation(run: Run, gauges: Gauges) -> dict[str, float | None]:
    """What a run should use of its machine, by metric, None where that is not known (yet): only builds use one."""
    if run.ref.key.service is not Service.CODEBUILD:
        return {}
    return asdict(gauges.metrics.utilisation(run))


def settled(measurement: Measurement, now: datetime) -> bool:
    """Whether nothing more is waited for: all is there, or has had its time to come."""
    return not measurement.missing or now - measurement.ended_at >= METRICS_GIVEN_UP


def worth_another_look(stored: StoredRun, now: datetime) -> bool:
    """Whether metrics that a stored run lacks may have come by now."""
    return not stored.settled and now - stored.measurement.ended_at >= METRICS_LATE


def _steps(run: Run, gauges: Gauges) -> dict[str, float]:
    if run.ref.key.service is not Service.CODEDEPLOY:
        return {}
    return gauges.deployment_steps.seconds_of(run.ref.run_id)


def _whole_phases(run: Run) -> dict[str, float]:
    return {
        phase.name: phase.seconds
        for phase in run.phases
        if phase.seconds is not None and phase.status.upper() == "SUCCEEDED"
    }
