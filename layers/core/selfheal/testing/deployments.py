"""CodeDeploy in memory, as far as remedies go: one group ``shop/prod`` whose last deployment went wrong."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from selfheal.domain.errors import RequestRejected
from selfheal.domain.run import PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.remedy_ports import DeploymentDetails, GoodDeployment
from selfheal.testing.builders import a_run
from selfheal.testing.service import FixedClock

PROD = PipelineKey(Service.CODEDEPLOY, "shop/prod")
BAD, GOOD = "d-BAD", "d-GOOD"


def a_deployment_run(status: RunStatus = RunStatus.FAILED) -> Run:
    """The deployment that went wrong at noon, after a minute."""
    run = a_run(BAD, status, initiator="user", log=None)
    return replace(run, ref=RunRef(PROD, BAD))


@dataclass
class FakeDeployments:
    """Deployments. ``made`` are those that were created: id, description, moment.

    ``rollback_takes`` says how often one looks in vain for the rollback of a stopped deployment.
    """

    clock: FixedClock = field(default_factory=FixedClock)
    bad: DeploymentDetails = field(default_factory=lambda: DeploymentDetails(True, failed=True, latest=BAD))
    good: list[GoodDeployment] = field(default_factory=lambda: [GoodDeployment(GOOD, "9" * 40)])
    made: list[tuple[str, str, datetime]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    rollback_takes: int = 0

    def details(self, group: str, deployment: str) -> DeploymentDetails:
        """Deployments."""
        if self.bad.stopped and not self.bad.rolled_back_by:
            if self.rollback_takes:
                self.rollback_takes -= 1
            else:
                self.bad = replace(self.bad, rolled_back_by="d-ROLLBACK", latest="d-ROLLBACK")
        return self.bad

    def good_before(self, group: str, deployment: str) -> list[GoodDeployment]:
        """Deployments."""
        return list(self.good)

    def marked(self, group: str, since: datetime, description: str) -> list[str]:
        """Deployments."""
        return [name for name, said, at in self.made if said == description and at >= since]

    def stop(self, deployment: str) -> None:
        """Deployments."""
        if self.bad.running:
            self.changed.append(("stop", deployment))
            self.bad = replace(self.bad, running=False, stopped=True)

    def deploy_again(self, group: str, deployment: str, description: str) -> str:
        """Deployments. As CodeDeploy does, it refuses a second one while the first is under way."""
        if self.made:
            raise RequestRejected("codedeploy:CreateDeployment: DeploymentLimitExceededException")
        name = f"d-AGAIN-{len(self.made) + 1}"
        self.made.append((name, description, self.clock.now()))
        self.changed.append(("deploy", deployment))
        self.bad = replace(self.bad, latest=name)
        return name
