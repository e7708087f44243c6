"""One request on its way through the simulator."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from local.devtools.access import Access
from local.devtools.errors import ServiceError
from local.devtools.operations import Operation
from local.devtools.server import Api

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
