"""CloudWatch metrics of the life of the global model, in the embedded metric format; no pipeline is their dimension."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from selfheal.domain.model import Training


def training_metrics(done: Training) -> None:
    """What came of a training or of a check for drift."""
    metrics = EphemeralMetrics()
    metrics.add_metric(f"Training{done.result.capitalize()}", MetricUnit.Count, 1)
    metrics.add_metric("LakeUnread", MetricUnit.Count, done.unread)
    if done.drift is not None:
        metrics.add_metric("DriftIndex", MetricUnit.NoUnit, done.drift)
    if done.figures is not None:
        metrics.add_metric("ReplayAlarmsPer1000", MetricUnit.Count, done.figures.alarms_per_1000)
        metrics.add_metric("ReplayCaughtPercent", MetricUnit.Percent, 100 * done.figures.caught)
    metrics.flush_metrics()


def promotion_metrics(done: Training) -> None:
    """What came of a registered forest, or of the endpoint's way."""
    metrics = EphemeralMetrics()
    metrics.add_metric(f"Promotion{done.result.capitalize()}", MetricUnit.Count, 1)
    metrics.flush_metrics()


def tell_of_refused_model(reason: str) -> None:
    """The champion could not be used or looked up: in the log with the reason, and counted."""
    Logger().warning("the champion does not serve", reason=reason)
    metrics = EphemeralMetrics()
    metrics.add_metric("ModelRefused", MetricUnit.Count, 1)
    metrics.flush_metrics()


def tell_of_idle_endpoint(reason: str) -> None:
    """The hosted forest does not serve and the embedded one does: in the log with the reason, and counted."""
    Logger().warning("the hosted forest does not serve", reason=reason)
    metrics = EphemeralMetrics()
    metrics.add_metric("EndpointIdle", MetricUnit.Count, 1)
    metrics.flush_metrics()
