"""CloudWatch: the resource metrics of builds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean

from selfheal.adapters.calls import Client, Json, calling
from selfheal.domain.run import Run
from selfheal.measure_ports import Utilisation
from selfheal.ports import Clock

NAMESPACE = "AWS/CodeBuild"
# By the name of the field of Utilisation. Storage is a rate: bytes per second (CodeBuild user guide).
METRICS = {
    "cpu_percent": "CPUUtilizedPercent",
    "memory_percent": "MemoryUtilizedPercent",
    "storage_read_rate": "StorageReadBytes",
    "storage_write_rate": "StorageWriteBytes",
}
# CloudWatch keeps minutes for 15 days, five minutes for 63 and hours for 455; a finer period finds nothing then.
PERIODS = ((timedelta(days=15), 60), (timedelta(days=63), 300), (timedelta.max, 3600))


class CloudWatchBuildMetrics:
    """BuildMetrics. Needs cloudwatch:GetMetricData.

    A metric is found by its whole set of dimensions only, which is BuildId, BuildNumber and ProjectName
    (CodeBuild user guide, CloudWatch dimensions). The guide leaves open whether BuildId holds the project's
    name, so both forms are asked for in the one call.
    """

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def utilisation(self, run: Run) -> Utilisation:
        """BuildMetrics. An average of averages over equal periods: exact but for the first and the last."""
        if run.ended_at is None or run.number is None:
            return Utilisation()
        period = next(seconds for age, seconds in PERIODS if self._clock.now() - run.ended_at < age)
        with calling("cloudwatch:GetMetricData"):
            results = self._client.get_metric_data(
                MetricDataQueries=_queries(run, period),
                # Data are stamped with the start of their period, so the first may lie before the build.
                StartTime=_floor(run.started_at, period),
                EndTime=run.ended_at + timedelta(seconds=period),
            )["MetricDataResults"]
        return Utilisation(**{name: _mean(results, name) for name in METRICS})


def _floor(moment: datetime, period: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // period * period, UTC)


def _queries(run: Run, period: int) -> list[Json]:
    ids = (run.ref.run_id, run.ref.run_id.rpartition(":")[2])
    return [
        {
            "Id": f"{name}_{form}",
            "Label": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": metric,
                    "Dimensions": [
                        {"Name": "ProjectName", "Value": run.ref.key.name},
                        {"Name": "BuildId", "Value": build_id},
                        {"Name": "BuildNumber", "Value": str(run.number)},
                    ],
                },
                "Period": period,
                "Stat": "Average",
            },
        }
        for name, metric in METRICS.items()
        for form, build_id in enumerate(ids)
    ]


def _mean(results: Sequence[Json], name: str) -> float | None:
    values = [value for result in results if result["Label"] == name for value in result["Values"]]
    return fmean(values) if values else None
