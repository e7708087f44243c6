"""A deployed HTTP service with users and an alarm on its errors, as a scenario's subject."""

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local.patience import Patience
from local.repository import Repository
from local.subject import Counts, Run
from local.users import Users
from selfheal.domain.incident import harm_incident_id
from selfheal.domain.remedy import TAG_KEY, TAG_VALUE
from selfheal.domain.run import PipelineKey, Service

ROLE = "arn:aws:iam::000000000000:role/demo-deployments"
GROUP = "prod"


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
        self._codedeploy = clients["codedeploy"]
        self._application, self._repository = application, repository
        self._set_up_group()
        self._before = len(self._deployments())
        self._users = Users(
            clients["cloudwatch"], application, hosts / application / GROUP / "address", needed
        )

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
        found = list(self._users.differences(patience))
        commit = self._group()["targetRevision"]["gitHubLocation"]["commitId"]
        if commit != self._repository.first:
            found.append(f"commit {commit} is deployed in the end, expected {self._repository.first}")
        return found

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
