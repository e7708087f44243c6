"""CloudWatch metrics per pipeline, in the embedded metric format: written as a log line, without a call."""

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from selfheal.domain.measurement import Measurement
from selfheal.ports import Scored


def measurement_metrics(measurement: Measurement) -> None:
    """Duration, failure, failed tests, CPU and memory of one run; what is missing is left out, never zero."""
    metrics = _of(measurement)
    metrics.add_metric("RunDuration", MetricUnit.Seconds, measurement.duration_seconds)
    metrics.add_metric("RunFailed", MetricUnit.Count, float(measurement.status.failed))
    if measurement.tests is not None:
        metrics.add_metric("TestsFailed", MetricUnit.Count, measurement.tests.failed)
    if measurement.cpu_percent is not None:
        metrics.add_metric("CpuPercent", MetricUnit.Percent, measurement.cpu_percent)
    if measurement.memory_percent is not None:
        metrics.add_metric("MemoryPercent", MetricUnit.Percent, measurement.memory_percent)
    metrics.flush_metrics()


def score_metrics(scored: Scored) -> None:
    """The score of one run, once its pipeline has a baseline."""
    if not scored.score.ready:
        return
    metrics = _of(scored.measurement)
    metrics.add_metric("Score", MetricUnit.NoUnit, scored.score.value)
    metrics.flush_metrics()


def _of(measurement: Measurement) -> EphemeralMetrics:
    metrics = EphemeralMetrics()
    metrics.add_dimension("Pipeline", str(measurement.pipeline))
    return metrics
