from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.codedeploy import CodeDeployReader
from selfheal.adapters.readers import ServiceReader
from selfheal.domain.errors import RequestRejected, RunNotFound
from selfheal.domain.run import Phase, PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.testing.builders import a_run

Scripted = Callable[[str], tuple[Any, Stubber]]
CREATED = datetime(2026, 1, 15, 12, tzinfo=UTC)
REF = RunRef(PipelineKey(Service.CODEDEPLOY, "shop/blue"), "d-ABCDEF123")


def a_deployment(**changes: Any) -> dict[str, Any]:
    info = {
        "applicationName": "shop",
        "deploymentGroupName": "blue",
        "deploymentId": "d-ABCDEF123",
        "status": "Failed",
        "createTime": CREATED,
        "startTime": CREATED + timedelta(seconds=5),
        "completeTime": CREATED + timedelta(seconds=95),
        "creator": "user",
        "errorInformation": {"code": "HEALTH_CONSTRAINTS", "message": "too few healthy instances"},
    }
    return {key: value for key, value in (info | changes).items() if value is not None}


def read(scripted: Scripted, info: dict[str, Any]) -> Run:
    client, stubber = scripted("codedeploy")
    stubber.add_response("get_deployment", {"deploymentInfo": info}, {"deploymentId": "d-ABCDEF123"})
    return CodeDeployReader(client).read(REF)


def test_a_deployment_is_read_whole(scripted: Scripted) -> None:
    run = read(scripted, a_deployment())
    assert run.ref == REF
    assert run.status is RunStatus.FAILED
    assert (run.queued_seconds, run.duration_seconds) == (5.0, 90.0)
    phase = Phase("Deployment", "Failed", 90.0, "HEALTH_CONSTRAINTS", "too few healthy instances")
    assert run.failed_phase == phase
    assert run.initiator == "user"


@pytest.mark.parametrize(
    ("creator", "rolls_back"),
    [
        ("user", False),
        ("CloudFormation", False),
        ("codeDeployRollback", True),
        ("CloudFormationRollback", True),
    ],
)
def test_a_deployment_tells_whether_it_goes_back(scripted: Scripted, creator: str, rolls_back: bool) -> None:
    assert read(scripted, a_deployment(creator=creator)).rolls_back is rolls_back


@pytest.mark.parametrize("status", ["Created", "Queued", "InProgress", "Baking", "Ready"])
def test_a_deployment_under_way_is_in_progress(scripted: Scripted, status: str) -> None:
    run = read(scripted, a_deployment(status=status, completeTime=None, startTime=None))
    assert run.status is RunStatus.IN_PROGRESS
    assert run.started_at == CREATED
    assert (run.ended_at, run.queued_seconds) == (None, None)


@pytest.mark.parametrize(
    ("status", "expected"), [("Succeeded", RunStatus.SUCCEEDED), ("Stopped", RunStatus.STOPPED)]
)
def test_the_other_ends_of_a_deployment(scripted: Scripted, status: str, expected: RunStatus) -> None:
    assert read(scripted, a_deployment(status=status)).status is expected


@pytest.mark.parametrize(
    ("revision", "version"),
    [
        ({"gitHubLocation": {"repository": "example/shop", "commitId": "c0ffee"}}, "c0ffee"),
        ({"s3Location": {"bucket": "b", "key": "k", "version": "v7", "eTag": "e7"}}, "v7"),
        ({"s3Location": {"bucket": "b", "key": "k", "eTag": "e7"}}, "e7"),
        ({"appSpecContent": {"content": "{}", "sha256": "5ha"}}, "5ha"),
        ({}, ""),
    ],
)
def test_what_was_deployed_names_the_version(
    scripted: Scripted, revision: dict[str, Any], version: str
) -> None:
    assert read(scripted, a_deployment(revision=revision)).source_version == version


def test_a_deployment_that_is_gone_is_not_found_and_a_bad_id_is_rejected(scripted: Scripted) -> None:
    client, stubber = scripted("codedeploy")
    stubber.add_client_error("get_deployment", "DeploymentDoesNotExistException")
    with pytest.raises(RunNotFound, match="d-ABCDEF123"):
        CodeDeployReader(client).read(REF)
    stubber.add_client_error("get_deployment", "InvalidDeploymentIdException")
    with pytest.raises(RequestRejected):
        CodeDeployReader(client).read(REF)


class OneRun:
    """A reader that knows one run."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def read(self, ref: RunRef) -> Run:
        assert ref == self.run.ref
        return self.run


def test_a_run_is_read_by_its_own_services_reader_which_is_made_once() -> None:
    made: list[Service] = []

    def maker(service: Service) -> Callable[[], OneRun]:
        def make() -> OneRun:
            made.append(service)
            return OneRun(a_run(ref=RunRef(PipelineKey(service, "shop"), service.value)))

        return make

    reader = ServiceReader(*(maker(service) for service in Service))
    for service in (Service.CODEDEPLOY, Service.CODEBUILD, Service.CODEDEPLOY):
        ref = RunRef(PipelineKey(service, "shop"), service.value)
        assert reader.read(ref).ref == ref
    assert made == [Service.CODEDEPLOY, Service.CODEBUILD]
