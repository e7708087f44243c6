"""The tools of remedies, each a fake unless a test brings its own."""

from selfheal.remedy_ports import Builds, Case, Deployments, Runbooks, Stages, Tools
from selfheal.testing.deployments import FakeDeployments
from selfheal.testing.runbooks import FakeRunbooks
from selfheal.testing.service import FakeService
from selfheal.testing.stages import FakeStages


def fake_tools(
    builds: Builds | None = None,
    stages: Stages | None = None,
    deployments: Deployments | None = None,
    runbooks: Runbooks | None = None,
    case: Case | None = None,
) -> Tools:
    """Tools with what is given, and fakes for the rest."""
    return Tools(
        builds or FakeService(),
        stages or FakeStages(),
        deployments or FakeDeployments(),
        runbooks or FakeRunbooks(),
        case or Case(),
    )
