"""One request on its way through the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from local.devtools.access import ROOT, Access
from local.devtools.codedeploy import CodeDeploy
from local.devtools.errors import ServiceError
from local.devtools.operations import Caller, Conditions, Operation
from local.devtools.server import Api
from tests.local.devtools.simulated import Bus

ROOT_HEADER = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/codebuild/aws4_request"
STRANGER_HEADER = ROOT_HEADER.replace("test", "ASIASTRANGER")


class Unreachable:
    """The Lambda API of a MiniStack that is gone."""

    def get_paginator(self, name: str) -> Any:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1")


class Listing:
    """A service with one operation and no tags."""

    def operations(self) -> dict[str, Operation]:
        return {
            "ListProjects": Operation(lambda params, caller: {"projects": ["shop"]}, lambda params: ["*"])
        }

    def tags(self, arn: str) -> dict[str, str]:
        return {}


@pytest.fixture
def api() -> Api:
    return Api({"codebuild": Listing()}, Access(Unreachable(), None))


def test_a_sound_request_is_answered(api: Api) -> None:
    assert api.answer("CodeBuild_20161006.ListProjects", ROOT_HEADER, b"{}") == b'{"projects": ["shop"]}'


@pytest.mark.parametrize(
    ("target", "header", "code", "status"),
    [
        ("CodeBuild_20161006.ListFleets", ROOT_HEADER, "UnknownOperationException", 400),
        ("CodeBuild_20161006.ListProjects", None, "MissingAuthenticationTokenException", 403),
        ("CodeBuild_20161006.ListProjects", STRANGER_HEADER, "ServiceUnavailableException", 503),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(
    api: Api, target: str, header: str | None, code: str, status: int
) -> None:
    with pytest.raises(ServiceError) as refused:
        api.answer(target, header, b"{}")
    assert (refused.value.code, refused.value.status) == (code, status)


class Asked(Access):
    """Notes what callers would have to be allowed."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []

    def caller(self, authorization: str | None) -> Caller:
        return ROOT

    def authorize(self, caller: Caller, action: str, resources: Any, conditions: Conditions) -> None:
        self.asked.append((action, list(resources)))


def test_who_deploys_must_be_allowed_what_codedeploy_does_for_him(tmp_path: Path) -> None:
    access = Asked()
    api = Api({"codedeploy": CodeDeploy(Bus().publisher, tmp_path)}, access)
    body = b'{"applicationName": "shop", "deploymentGroupName": "live"}'
    with pytest.raises(ServiceError, match="revision is required"):
        api.answer("CodeDeploy_20141006.CreateDeployment", ROOT_HEADER, body)
    arn = "arn:aws:codedeploy:us-east-1:000000000000"
    assert access.asked == [
        ("codedeploy:CreateDeployment", [f"{arn}:deploymentgroup:shop/live"]),
        ("codedeploy:GetDeploymentConfig", [f"{arn}:deploymentconfig:CodeDeployDefault.OneAtATime"]),
        ("codedeploy:RegisterApplicationRevision", [f"{arn}:application:shop"]),
        ("codedeploy:GetApplicationRevision", [f"{arn}:application:shop"]),
    ]
