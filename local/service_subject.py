"""A deployed HTTP service with users and an alarm on its errors, as a scenario's subject."""

import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local.patience import Patience
from local.repository import Repository
from local.subject import Counts, Run
from local.traffic import ERRORS, Answer, Traffic, cloudwatch_reporter
from selfheal.domain.incident import harm_incident_id
from selfheal.domain.remedy import TAG_KEY, TAG_VALUE
from selfheal.domain.run import PipelineKey, Service

ROLE = "arn:aws:iam::000000000000:role/demo-deployments"
GROUP = "prod"
SOUND_REQUESTS = 30
PERIOD_SECONDS = 10
TOLERATED_ERRORS = 5


class ServiceSubject:
    """See Subject. Its runs are deployments of a repository's commits to one host; ``hosts`` are the simulator's."""

    def __init__(
        self,
        clients: dict[str, Any],
        application: str,
        repository: Repository,
        hosts: Path,
        needed: ExitStack,
    ) -> None:
        self._codedeploy, self._cloudwatch = clients["codedeploy"], clients["cloudwatch"]
        self._application, self._repository = application, repository
        self._set_up_group()
        self._before = len(self._deployments())
        self._alarm = f"{application}-errors"
        self._set_up_alarm()
        report = cloudwatch_reporter(self._cloudwatch, self._namespace, application)
        traffic = Traffic(hosts / application / GROUP / "address", report)
        self._traffic = needed.enter_context(traffic.flowing())

    @property
    def name(self) -> str:
        """See Subject."""
        return self._application

    @property
    def keys(self) -> Collection[PipelineKey]:
        """See Subject."""
        return [PipelineKey(Service.CODEDEPLOY, f"{self._application}/{GROUP}")]

    def start(self, commit: str) -> str:
        """See Subject."""
        location = {"repository": str(self._repository.path), "commitId": commit}
        reply = self._codedeploy.create_deployment(
            applicationName=self._application,
            deploymentGroupName=GROUP,
            revision={"revisionType": "GitHub", "gitHubLocation": location},
        )
        return str(reply["deploymentId"])

    def wait(self, started: str, patience: Patience) -> Run:
        """See Subject."""
        return patience.until(f"the end of deployment {started}", lambda: self._finished(started))

    def counts(self) -> Counts:
        """See Subject."""
        return Counts(deployments=len(self._deployments()) - self._before)

    def differences(self, patience: Patience) -> Sequence[str]:
        """See Subject. In the end users must be served again, by the version from before."""
        now = time.time()

        def enough() -> list[Answer] | None:
            found = self._traffic.since(now)
            return found if len(found) >= SOUND_REQUESTS else None

        answers = patience.until("answers of the service", enough)
        errors = sum(answer.is_error for answer in answers)
        found = [f"{errors} of {len(answers)} requests failed in the end"] if errors else []
        commit = self._group()["targetRevision"]["gitHubLocation"]["commitId"]
        if commit != self._repository.first:
            found.append(f"commit {commit} is deployed in the end, expected {self._repository.first}")
        return found

    @property
    def _namespace(self) -> str:
        # MiniStack takes all dimensions of a metric for one when it judges an alarm by itself.
        return f"Demo/{self._application}"

    def _finished(self, deployment: str) -> Run | None:
        info = self._codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        if "completeTime" not in info:
            return None
        succeeded = info["status"] == "Succeeded"
        return Run(deployment, harm_incident_id(deployment), succeeded, info["completeTime"].timestamp())

    def _deployments(self) -> list[str]:
        reply = self._codedeploy.list_deployments(
            applicationName=self._application, deploymentGroupName=GROUP
        )
        return list(reply["deployments"])

    def _group(self) -> dict[str, Any]:
        reply = self._codedeploy.get_deployment_group(
            applicationName=self._application, deploymentGroupName=GROUP
        )
        return dict(reply["deploymentGroupInfo"])

    def _set_up_group(self) -> None:
        """The alarm is tied to the service's name by the policy, so a second performance uses the same one."""
        tags = [{"Key": TAG_KEY, "Value": TAG_VALUE}]
        try:
            self._codedeploy.create_application(applicationName=self._application, tags=tags)
        except self._codedeploy.exceptions.ApplicationAlreadyExistsException:
            return
        self._codedeploy.create_deployment_group(
            applicationName=self._application, deploymentGroupName=GROUP, serviceRoleArn=ROLE, tags=tags
        )

    def _set_up_alarm(self) -> None:
        self._cloudwatch.put_metric_alarm(
            AlarmName=self._alarm,
            AlarmDescription=f"{self._application} answers with errors",
            Namespace=self._namespace,
            MetricName=ERRORS,
            Dimensions=[{"Name": "Service", "Value": self._application}],
            Statistic="Sum",
            Period=PERIOD_SECONDS,
            EvaluationPeriods=1,
            Threshold=float(TOLERATED_ERRORS),
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
