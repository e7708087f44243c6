"""Requests and replies against botocore's models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.devtools.errors import ServiceError
from local.devtools.wire import operation_of, read_request, write_reply

BUILDS = operation_of("CodeBuild_20161006.BatchGetBuilds")[1]
START = operation_of("CodeBuild_20161006.StartBuild")[1]


def test_the_target_names_service_and_operation() -> None:
    service, operation = operation_of("CodePipeline_20150709.StartPipelineExecution")
    assert (service, operation.name) == ("codepipeline", "StartPipelineExecution")


@pytest.mark.parametrize(
    "target", ["", "CodeBuild_20161006.Explode", "DynamoDB_20120810.GetItem", "StartBuild"]
)
def test_an_unknown_target_is_refused(target: str) -> None:
    with pytest.raises(ServiceError) as refused:
        operation_of(target)
    assert refused.value.code == "UnknownOperationException"


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({}, 'Missing required parameter in input: "projectName"'),
        ({"projectName": ""}, "Invalid length for parameter projectName"),
        ({"projectName": "shop", "privileged": True}, 'Unknown parameter in input: "privileged"'),
        ({"projectName": "shop", "timeoutInMinutesOverride": "5"}, "Invalid type for parameter"),
        ({"projectName": "shop", "timeoutInMinutesOverride": 4}, "valid min value: 5"),
        (
            {"projectName": "shop", "cacheOverride": {"type": "SOMETIMES"}},
            "must be one of NO_CACHE, S3, LOCAL",
        ),
    ],
)
def test_an_unsound_request_is_refused_by_the_member_at_fault(params: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ServiceError) as refused:
        read_request("codebuild", START, json.dumps(params).encode())
    assert refused.value.code == "InvalidInputException"
    assert complaint in refused.value.message


def test_a_body_that_is_not_json_is_refused() -> None:
    with pytest.raises(ServiceError) as refused:
        read_request("codebuild", START, b"{")
    assert refused.value.code == "SerializationException"


@pytest.mark.parametrize(
    "reply",
    [
        {"builds": "none"},
        {"builds": [{"buildStatus": "FINE"}]},
        {"builds": [{"colour": "blue"}]},
        {"builds": [{"phases": [{"phaseType": "LUNCH"}]}]},
    ],
)
def test_a_reply_that_does_not_fit_is_the_simulators_own_fault(
    reply: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ServiceError) as failed:
        write_reply(BUILDS, reply)
    assert (failed.value.code, failed.value.status) == ("InternalFailure", 500)
    assert "BatchGetBuilds: the reply does not fit" in caplog.text


def test_empty_lists_and_epoch_times_are_sent_as_they_are() -> None:
    reply = {"builds": [{"startTime": 1700000000.125, "phases": []}], "buildsNotFound": []}
    assert json.loads(write_reply(BUILDS, reply)) == reply
