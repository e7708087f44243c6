"""CloudWatch: the resource metrics of builds."""

from collections.abc import Sequence
from datetime import timedelta
from statistics import fmean

from selfheal.adapters.calls import Client, Json, calling
from selfheal.adapters.codebuild import get_build
from selfheal.domain.run import Run
from selfheal.ports import Utilisation

NAMESPACE = "AWS/CodeBuild"
PERIOD_SECONDS = 60
CPU, MEMORY = "CPUUtilizedPercent", "MemoryUtilizedPercent"


class CloudWatchBuildMetrics:
    """BuildMetrics. Needs cloudwatch:GetMetricData, and codebuild:BatchGetBuilds for the build's number.

    A metric is found by its whole set of dimensions only, which is BuildId, BuildNumber and ProjectName
    (CodeBuild user guide, CloudWatch dimensions). The guide leaves open whether BuildId holds the project's
    name, so both forms are asked for in the one call.
    """

    def __init__(self, client: Client, codebuild: Client) -> None:
        self._client = client
        self._codebuild = codebuild

    def utilisation(self, run: Run) -> Utilisation:
        """BuildMetrics. Raises RunNotFound."""
        if run.ended_at is None:
            return Utilisation(None, None)
        build = get_build(self._codebuild, run.ref.run_id)
        if "buildNumber" not in build:
            return Utilisation(None, None)
        # Data are stamped with the minute they belong to, so the first may lie before the build.
        start = run.started_at.replace(second=0, microsecond=0)
        with calling("cloudwatch:GetMetricData"):
            results = self._client.get_metric_data(
                MetricDataQueries=_queries(build),
                StartTime=start,
                EndTime=run.ended_at + timedelta(seconds=PERIOD_SECONDS),
            )["MetricDataResults"]
        return Utilisation(_mean(results, CPU), _mean(results, MEMORY))


def _queries(build: Json) -> list[Json]:
    ids = (build["id"], build["id"].rpartition(":")[2])
    return [
        {
            "Id": f"{metric[0].lower()}{metric[1:]}_{form}",
            "Label": metric,
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": metric,
                    "Dimensions": [
                        {"Name": "ProjectName", "Value": build["projectName"]},
                        {"Name": "BuildId", "Value": build_id},
                        {"Name": "BuildNumber", "Value": str(build["buildNumber"])},
                    ],
                },
                "Period": PERIOD_SECONDS,
                "Stat": "Average",
            },
        }
        for metric in (CPU, MEMORY)
        for form, build_id in enumerate(ids)
    ]


def _mean(results: Sequence[Json], metric: str) -> float | None:
    values = [value for result in results if result["Label"] == metric for value in result["Values"]]
    return fmean(values) if values else None
