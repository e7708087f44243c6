from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    IncompleteReadError,
    NoRegionError,
    ReadTimeoutError,
)

from selfheal.adapters.calls import calling
from selfheal.adapters.session import Clients
from selfheal.domain.errors import RequestRejected, RunNotFound, SelfhealError, ServiceUnavailable, Throttled


def aws_error(code: str, status: int = 400, message: str = "no") -> ClientError:
    reply: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"},
    }
    return ClientError(reply, "Operation")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 400, Throttled),
        ("ProvisionedThroughputExceededException", 400, Throttled),
        ("AccountLimitExceededException", 400, Throttled),
        ("ConflictException", 400, Throttled),
        ("ConcurrentPipelineExecutionsLimitExceededException", 400, Throttled),
        ("SlowDown", 503, Throttled),
        ("InternalServerError", 500, ServiceUnavailable),
        ("SomethingNew", 502, ServiceUnavailable),
        ("AccessDeniedException", 400, RequestRejected),
        ("InvalidInputException", 400, RequestRejected),
        ("ConditionalCheckFailedException", 400, RequestRejected),
    ],
)
def test_every_error_of_aws_has_one_meaning(code: str, status: int, kind: type[SelfhealError]) -> None:
    with pytest.raises(kind, match=f"^dynamodb:PutItem: {code}.*r-1") as caught, calling("dynamodb:PutItem"):
        raise aws_error(code, status)
    assert type(caught.value) is kind


def test_who_may_not_do_what_is_said() -> None:
    message = "User: selfheal is not authorized to perform: sns:Publish"
    with pytest.raises(RequestRejected, match="not authorized to perform"), calling("sns:Publish"):
        raise aws_error("AccessDenied", 403, message)


def test_a_message_that_may_quote_the_payload_is_not_passed_on() -> None:
    message = "Value 'hunter2hunter2' failed to satisfy constraint"
    with pytest.raises(RequestRejected) as caught, calling("states:SendTaskSuccess"):
        raise aws_error("ValidationException", message=message)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_request_that_botocore_refuses_is_rejected_without_its_values() -> None:
    client = boto3.client("sns")
    with pytest.raises(RequestRejected) as caught, calling("sns:Publish"):
        client.publish(TopicArn="arn", Message={"secret": "hunter2hunter2"})
    assert str(caught.value) == "sns:Publish: ParamValidationError"


@pytest.mark.parametrize("error", [EndpointConnectionError, ReadTimeoutError])
def test_a_network_that_fails_is_worth_another_attempt(error: Any) -> None:
    with pytest.raises(ServiceUnavailable, match=error.__name__), calling("sqs:SendMessage"):
        raise error(endpoint_url="https://example.invalid")


def test_an_answer_that_breaks_off_is_worth_another_attempt() -> None:
    with pytest.raises(ServiceUnavailable, match="s3:GetObject"), calling("s3:GetObject"):
        raise IncompleteReadError(actual_bytes=1, expected_bytes=2)


def test_what_is_gone_is_a_run_not_found() -> None:
    with (
        pytest.raises(RunNotFound, match=r"^shop:1 is gone$"),
        calling("x:Get", gone={"NoSuchThing": "shop:1 is gone"}),
    ):
        raise aws_error("NoSuchThing")


def test_errors_of_our_own_pass_unchanged() -> None:
    with pytest.raises(KeyError), calling("x:Get"):
        raise KeyError("ours")


def test_clients_are_made_once_and_try_three_times() -> None:
    clients = Clients()
    client = clients("sqs")
    assert clients("sqs") is client
    assert client.meta.config.retries["total_max_attempts"] == 3
    assert client.meta.config.read_timeout == 10


def test_a_model_is_given_longer_to_answer_but_two_tries_only() -> None:
    config = Clients()("bedrock-runtime").meta.config
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (25, 2)


def test_an_empty_region_is_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "")
    monkeypatch.delenv("AWS_REGION", raising=False)
    with pytest.raises(NoRegionError):
        Clients()("cloudformation")
