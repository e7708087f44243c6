"""CodeBuild's operations, without running anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from local.devtools.access import ROOT
from local.devtools.builds import Build
from local.devtools.cache import BuildCache
from local.devtools.codebuild import CodeBuild
from local.devtools.errors import ServiceError
from local.devtools.reports import ReportStore
from local.devtools.runner import Workshop

Json = dict[str, Any]
PROJECT: Json = {
    "name": "shop",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: [make]}}\n"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": "arn:aws:iam::000000000000:role/builder",
}


class IdleWorkshop:
    """Takes builds and lets the test say how they end."""

    def __init__(self, directory: Path) -> None:
        self.cache = BuildCache(directory)
        self.reports = ReportStore()
        self.started: list[tuple[Build, Any]] = []

    def start(self, build: Build, ended: Any) -> None:
        self.started.append((build, ended))

    def end(self, status: str) -> Build:
        build, ended = self.started[-1]
        build.status = status
        ended(build)
        return build


class Service:
    """CodeBuild as a client sees it, with a clock that the test turns."""

    def __init__(self, directory: Path) -> None:
        self.workshop = IdleWorkshop(directory)
        self.now = 1000.0
        codebuild = CodeBuild(cast(Workshop, self.workshop), lambda: self.now)
        self._operations = codebuild.operations()
        self.call("CreateProject", **PROJECT)

    def call(self, operation: str, /, **params: Any) -> Json:
        return self._operations[operation].run(params, ROOT)

    def resources(self, operation: str, /, **params: Any) -> list[str]:
        return self._operations[operation].resources(params)

    def start(self, **params: Any) -> str:
        return str(self.call("StartBuild", projectName="shop", **params)["build"]["id"])


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def refusal(service: Service, operation: str, /, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        service.call(operation, **params)
    return refused.value


def test_a_token_gives_the_same_build_for_five_minutes(service: Service) -> None:
    first = service.start(idempotencyToken="t")
    service.now += 299
    assert service.start(idempotencyToken="t") == first
    service.now += 1
    assert service.start(idempotencyToken="t") != first
    assert len(service.workshop.started) == 2


def test_a_token_with_other_parameters_is_refused(service: Service) -> None:
    build_id = service.start(idempotencyToken="t")
    error = refusal(service, "StartBuild", projectName="shop", idempotencyToken="t", sourceVersion="main")
    assert error.code == "InvalidInputException"
    assert "idempotencyToken" in error.message
    service.workshop.end("FAILED")
    assert refusal(service, "RetryBuild", id=build_id, idempotencyToken="t").code == "InvalidInputException"


def test_without_a_token_every_call_starts_a_build(service: Service) -> None:
    assert service.start() != service.start()


def test_builds_are_listed_newest_first_in_pages_of_a_hundred(service: Service) -> None:
    ids = [service.start() for _ in range(205)]
    pages: list[list[str]] = []
    token: Json = {}
    while True:
        reply = service.call("ListBuildsForProject", projectName="shop", **token)
        pages.append(reply["ids"])
        if "nextToken" not in reply:
            break
        token = {"nextToken": reply["nextToken"]}
    assert [len(page) for page in pages] == [100, 100, 5]
    assert [build_id for page in pages for build_id in page] == ids[::-1]
    assert service.call("ListBuilds", sortOrder="ASCENDING")["ids"] == ids[:100]


@pytest.mark.parametrize("token", ["206", "x", "-1"])
def test_a_made_up_page_token_is_refused(service: Service, token: str) -> None:
    assert "nextToken" in refusal(service, "ListBuilds", nextToken=token).message


def test_only_a_finished_build_is_retried(service: Service) -> None:
    build_id = service.start()
    assert "still in progress" in refusal(service, "RetryBuild", id=build_id).message
    service.workshop.end("FAILED")
    retried = service.call("RetryBuild", id=build_id)["build"]
    assert retried["id"] != build_id
    assert retried["buildNumber"] == 2


def test_an_override_the_simulator_cannot_honour_is_refused(service: Service) -> None:
    error = refusal(service, "StartBuild", projectName="shop", debugSessionEnabled=True)
    assert error.message.startswith("debugSessionEnabled: not offered")


def test_variables_of_the_call_overrule_those_of_the_project(service: Service) -> None:
    variables = [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]
    service.call(
        "UpdateProject", name="shop", environment=PROJECT["environment"] | {"environmentVariables": variables}
    )
    service.start(environmentVariablesOverride=[{"name": "B", "value": "2"}])
    assert service.workshop.started[0][0].plan.variables == {"A": "1", "B": "2"}


def test_a_failed_build_is_started_again_up_to_the_projects_limit(service: Service) -> None:
    service.call("UpdateProject", name="shop", autoRetryLimit=2)
    first = service.start()
    builds = [service.workshop.end("FAILED") for _ in range(3)]
    assert len(service.workshop.started) == 3
    shown = [build.wire()["autoRetryConfig"] for build in builds]
    assert [item["autoRetryNumber"] for item in shown] == [0, 1, 2]
    assert shown[1]["previousAutoRetry"].endswith(first)
    assert shown[1]["nextAutoRetry"] == builds[2].arn
    assert "nextAutoRetry" not in shown[2]


def test_a_stopped_build_is_not_started_again(service: Service) -> None:
    service.call("UpdateProject", name="shop", autoRetryLimit=2)
    service.start()
    service.workshop.end("STOPPED")
    assert len(service.workshop.started) == 1


def test_a_project_name_is_taken_once(service: Service) -> None:
    assert refusal(service, "CreateProject", **PROJECT).code == "ResourceAlreadyExistsException"
    service.call("DeleteProject", name="shop")
    assert refusal(service, "StartBuild", projectName="shop").code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("name", "params", "resource"),
    [
        ("StartBuild", {"projectName": "shop"}, "project/shop"),
        ("RetryBuild", {"id": "shop:1234"}, "project/shop"),
        ("RetryBuild", {"id": "arn:aws:codebuild:us-east-1:000000000000:build/shop:1234"}, "project/shop"),
        (
            "BatchGetReports",
            {"reportArns": ["arn:aws:codebuild:us-east-1:000000000000:report/shop-unit:1"]},
            "report-group/shop-unit",
        ),
        ("ListBuilds", {}, "*"),
    ],
)
def test_operations_name_the_resources_they_touch(
    service: Service, name: str, params: Json, resource: str
) -> None:
    assert service.resources(name, **params) == [f"arn:aws:codebuild:us-east-1:000000000000:{resource}"]
