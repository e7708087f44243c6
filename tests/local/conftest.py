"""The real local cloud, brought up once for all tests that use the deployed stack."""

from collections.abc import Iterator

import pytest

from local.clients import client
from local.cloud import LocalCloud
from local.developer import Developer
from local.interrupts import ending_as_interrupt
from local.records import Records, records
from local.state import CloudState


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud of the tests' own: another one that a developer has running is left alone."""
    cloud = LocalCloud(tmp_path_factory.mktemp("cloud"), ministack_port=0, devtools_port=0)
    with ending_as_interrupt():
        try:
            cloud.up(lambda step: None)
            yield cloud
        finally:
            cloud.down(lambda step: None)


@pytest.fixture(scope="session")
def state(cloud: LocalCloud) -> CloudState:
    """Where that cloud is and what its stack is called."""
    return cloud.running()


@pytest.fixture(scope="session")
def stored(state: CloudState) -> Records:
    """What the deployed stack has written down."""
    return records(client(state, "dynamodb"), state.outputs["TableName"])


@pytest.fixture(scope="session")
def developer(state: CloudState) -> Developer:
    """Somebody who starts builds."""
    return Developer(client(state, "codebuild"))
