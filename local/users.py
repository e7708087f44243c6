"""The users of a deployed service and the alarm on its errors."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local.patience import Patience
from local.traffic import ERRORS, Answer, Traffic, cloudwatch_reporter

SOUND_REQUESTS = 30
PERIOD_SECONDS = 10
TOLERATED_ERRORS = 5


class Users:
    """They ask the service whose address stands in a file for as long as ``needed`` lasts."""

    def __init__(self, cloudwatch: Any, service: str, address: Path, needed: ExitStack) -> None:
        self._cloudwatch, self._service = cloudwatch, service
        self._set_up_alarm()
        report = cloudwatch_reporter(cloudwatch, self._namespace, service)
        self._traffic = needed.enter_context(Traffic(address, report).flowing())

    def differences(self, patience: Patience) -> Sequence[str]:
        """What is not as it must be in the end: users are served."""
        now = time.time()

        def enough() -> list[Answer] | None:
            found = self._traffic.since(now)
            return found if len(found) >= SOUND_REQUESTS else None

        answers = patience.until("answers of the service", enough)
        errors = sum(answer.is_error for answer in answers)
        return [f"{errors} of {len(answers)} requests failed in the end"] if errors else []

    @property
    def _namespace(self) -> str:
        # MiniStack takes all dimensions of a metric for one when it judges an alarm by itself.
        return f"Demo/{self._service}"

    def _set_up_alarm(self) -> None:
        self._cloudwatch.put_metric_alarm(
            AlarmName=f"{self._service}-errors",
            AlarmDescription=f"{self._service} answers with errors",
            Namespace=self._namespace,
            MetricName=ERRORS,
            Dimensions=[{"Name": "Service", "Value": self._service}],
            Statistic="Sum",
            Period=PERIOD_SECONDS,
            EvaluationPeriods=1,
            Threshold=float(TOLERATED_ERRORS),
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
