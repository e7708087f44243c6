"""The web service of the demo, deployed by its real hooks: what passes every check can still harm its users."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from local.devtools.codedeploy import CodeDeploy
from local.repository import Repository, make_repository
from local.scenario import load
from tests.local.devtools.simulated import Bus, Client, until

REQUESTS = 60


class Web(Client):
    """The service on its one host."""

    def __init__(self, directory: Path) -> None:
        self._codedeploy = CodeDeploy(Bus().publisher, directory)
        super().__init__("codedeploy", self._codedeploy)
        self.repository: Repository = make_repository(load("error_spike").folder, directory / "repository")
        self.host = directory / "hosts" / "web" / "prod"
        self.call("CreateApplication", applicationName="web")
        role = "arn:aws:iam::000000000000:role/deployer"
        self.call(
            "CreateDeploymentGroup", applicationName="web", deploymentGroupName="prod", serviceRoleArn=role
        )

    def deploy(self, commit: str) -> str:
        location = {"repository": str(self.repository.path), "commitId": commit}
        revision = {"revisionType": "GitHub", "gitHubLocation": location}
        started = self.call(
            "CreateDeployment", applicationName="web", deploymentGroupName="prod", revision=revision
        )["deploymentId"]

        def ended() -> str:
            info = self.call("GetDeployment", deploymentId=started)["deploymentInfo"]
            return str(info["status"]) if "completeTime" in info else ""

        return str(until(ended))

    def statuses(self) -> list[int]:
        return [self._status(f"/products/{number}") for number in range(REQUESTS)]

    def health(self) -> int:
        return self._status("/health")

    def close(self) -> None:
        self._codedeploy.close(10)

    def _status(self, path: str) -> int:
        address = (self.host / "address").read_text()
        try:
            with urlopen(f"http://{address}{path}", timeout=60) as reply:
                return int(reply.status)
        except HTTPError as error:
            with error:
                return error.code


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = Web(tmp_path)
    yield made
    made.close()


def test_the_new_version_passes_its_checks_and_then_fails_its_users_until_it_is_rolled_back(web: Web) -> None:
    assert web.deploy(web.repository.first) == "Succeeded"
    address = (web.host / "address").read_text()
    assert set(web.statuses()) == {200}

    assert web.deploy(web.repository.last) == "Succeeded"
    assert (web.host / "address").read_text() == address
    statuses = web.statuses()
    assert statuses[0] == 200, "it starts well"
    assert set(statuses[-10:]) == {500}, "and runs out of connections"
    assert web.health() == 200, "which its health page does not know"
    assert "PoolExhausted" in (web.host / "web.log").read_text()

    assert web.deploy(web.repository.first) == "Succeeded"
    assert set(web.statuses()) == {200}
