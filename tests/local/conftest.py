"""The real local cloud, brought up once for all tests that use the deployed stack."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator

import pytest

from local.clients import client
from local.cloud import LocalCloud
from local.demo import run_demo
from local.developer import Developer
from local.interrupts import ending_as_interrupt
from local.records import Records, local_records
from local.result import Result
from local.scenario import load, names
from local.state import CloudState
from tests.local.asking import Asked, Question, asking

ActAs = Callable[..., str]
# Scenarios that other tests play, or show on their own projects: test_heal_loop, test_asking.
ELSEWHERE = {"flaky_test", "genuine_regression", "doubled_events", "lost_events"}
ELSEWHERE |= {"harmful_release"}  # test_harm_of_stage, on the one pipeline that the policy watches
ELSEWHERE |= {"approved", "rejected", "expired_approval"}
# Long, or like another one; the demo plays them.
LEFT_TO_THE_DEMO = {"slow_build", "broken_buildspec", "poisoned_cache", "rate_limited_dependency"}
PROBE = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        getattr(boto3.client(event["service"]), event["method"])(**event["arguments"])
        return "allowed"
    except ClientError as error:
        return error.response["Error"]["Code"]
"""


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud of the tests' own: another one that a developer has running is left alone."""
    home = tmp_path_factory.mktemp("cloud")
    # A question stays open for as long as a slow machine takes to answer it.
    open_for = {"ApprovalTimeoutSeconds": "120"}
    cloud = LocalCloud(home, ministack_port=0, devtools_port=0, parameters=open_for)
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
    return local_records(state)


@pytest.fixture(scope="session")
def developer(state: CloudState) -> Developer:
    """Somebody who starts builds."""
    return Developer(client(state, "codebuild"))


@pytest.fixture
def act_as(state: CloudState) -> Iterator[ActAs]:
    """Calls AWS with the role of a deployed function, from within a function of the same cloud."""
    functions = client(state, "lambda")
    made: list[str] = []

    def call(function: str, service: str, method: str, **arguments: object) -> str:
        role = functions.get_function_configuration(FunctionName=state.outputs[f"{function}FunctionName"])[
            "Role"
        ]
        name = f"probe-{function}-{len(made)}"
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("app.py", PROBE)
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="app.handler",
            Timeout=300,
            Code={"ZipFile": archive.getvalue()},
        )
        made.append(name)
        event = {"service": service, "method": method, "arguments": arguments}
        return str(
            json.loads(functions.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"].read())
        )

    yield call
    for name in made:
        functions.delete_function(FunctionName=name)


@pytest.fixture(scope="session")
def played(state: CloudState, cloud: LocalCloud) -> dict[str, Result]:
    """What came of the scenarios that no other test plays, side by side as in the demo."""
    wanted = [load(name) for name in names() if name not in ELSEWHERE | LEFT_TO_THE_DEMO]
    return {result.name: result for result in run_demo(state, cloud.home, wanted, lambda update: None)}


@pytest.fixture(scope="session")
def asked(developer: Developer, cloud: LocalCloud, stored: Records) -> Iterator[Asked]:
    """Lets the first build of a new project fail; gives project, run and what people were asked about it."""
    with asking(developer, cloud, stored) as ask:
        yield ask


@pytest.fixture(scope="session")
def unanswered(asked: Asked) -> Question:
    """A question that nobody answers."""
    return asked("demo-ask")
