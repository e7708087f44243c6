"""CloudWatch metrics per pipeline, in the embedded metric format: written as a log line, without a call."""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from selfheal.domain.measurement import Measurement, numbers
from selfheal.ports import Scored
from selfheal.settings import PipelineMetrics
from selfheal.steps.ingest_run import Intake, Taken
from selfheal.steps.watch_deployment import Watched

# Every number of a measurement but its phases: those go into the same line without becoming metrics, for each metric
# of each pipeline is paid for.
UNITS: Mapping[str, tuple[str, MetricUnit]] = {
    "duration_seconds": ("RunDuration", MetricUnit.Seconds),
    "queued_seconds": ("QueuedDuration", MetricUnit.Seconds),
    "cpu_percent": ("CpuPercent", MetricUnit.Percent),
    "memory_percent": ("MemoryPercent", MetricUnit.Percent),
    "storage_read_rate": ("StorageReadRate", MetricUnit.BytesPerSecond),
    "storage_write_rate": ("StorageWriteRate", MetricUnit.BytesPerSecond),
    "log_bytes": ("LogSize", MetricUnit.Bytes),
    "tests:total": ("TestsRun", MetricUnit.Count),
    "tests:failed": ("TestsFailed", MetricUnit.Count),
    "tests:skipped": ("TestsSkipped", MetricUnit.Count),
}
FEW = frozenset({"RunDuration", "TestsFailed", "RunFailed", "Score"})


def intake_metrics(taken: Taken, wanted: PipelineMetrics) -> None:
    """What is new by this intake: all numbers of a run, its late metrics, or that it was quarantined.

    What is missing is left out, never zero.
    """
    if taken.intake is Intake.QUARANTINED:
        _quarantine_metrics(taken.measurement)
        return
    first = taken.intake is Intake.MEASURED
    metrics = _of(taken.measurement)
    for name, value in numbers(taken.measurement).items():
        if name in UNITS and (first or name in taken.late):
            _add(metrics, wanted, *UNITS[name], value)
    if first:
        _add(metrics, wanted, "RunFailed", MetricUnit.Count, float(taken.measurement.status.failed))
        metrics.add_metadata("phases", taken.measurement.phases)
    if metrics.metric_set:
        metrics.add_metadata("run_id", taken.measurement.run_id)
        metrics.flush_metrics()


def score_metrics(scored: Scored, wanted: PipelineMetrics) -> None:
    """The score of one run, once its pipeline has a baseline."""
    if not (scored.score.ready and _chosen("Score", wanted)):
        return
    metrics = _of(scored.measurement)
    metrics.add_metric("Score", MetricUnit.NoUnit, scored.score.value)
    metrics.flush_metrics()


def watch_metrics(watched: Watched) -> None:
    """An alarm that is tied to a pipeline and opened no incident: counted over all, the line says which and why."""
    if watched.unblamed is None:
        return
    metrics = EphemeralMetrics()
    metrics.add_metric("AlarmsUnblamed", MetricUnit.Count, 1)
    metrics.add_metadata("alarm", watched.alarm)
    metrics.add_metadata("reason", watched.unblamed.value)
    metrics.flush_metrics()


def _quarantine_metrics(measurement: Measurement) -> None:
    """Counted over all pipelines, for an alarm cannot sum over a dimension; the line says which."""
    metrics = EphemeralMetrics()
    metrics.add_metric("RunsQuarantined", MetricUnit.Count, 1)
    metrics.add_metadata("pipeline", str(measurement.pipeline))
    metrics.add_metadata("run_id", measurement.run_id)
    metrics.flush_metrics()


def _chosen(metric: str, wanted: PipelineMetrics) -> bool:
    return wanted is PipelineMetrics.ALL or (wanted is PipelineMetrics.FEW and metric in FEW)


def _add(
    metrics: EphemeralMetrics, wanted: PipelineMetrics, name: str, unit: MetricUnit, value: float
) -> None:
    if _chosen(name, wanted):
        metrics.add_metric(name, unit, value)
    else:
        metrics.add_metadata(name, value)


def _of(measurement: Measurement) -> EphemeralMetrics:
    metrics = EphemeralMetrics()
    metrics.add_dimension("Pipeline", str(measurement.pipeline))
    return metrics
