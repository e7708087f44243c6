import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from selfheal.adapters.events import EventBridgeBus
from selfheal.adapters.sns import CUT, SUBJECT_LIMIT, TEXT_LIMIT, SnsNotifier, fit_subject, fit_text
from selfheal.adapters.sqs import SqsIntakeQueue
from selfheal.adapters.stepfunctions import StepFunctionsResumer
from selfheal.domain.errors import RequestRejected, ServiceUnavailable, Throttled

Scripted = Callable[[str], tuple[Any, Stubber]]


def queue() -> tuple[Any, str]:
    client = boto3.client("sqs")
    return client, client.create_queue(QueueName="intake")["QueueUrl"]


def received(client: Any, url: str) -> list[Any]:
    found: list[Any] = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    return found


def test_every_event_reaches_the_queue_however_many_there_are() -> None:
    client, url = queue()
    events = [{"detail": {"n": n}} for n in range(23)]
    SqsIntakeQueue(client, url).send(iter(events))
    assert sorted(event["detail"]["n"] for event in received(client, url)) == list(range(23))


def test_no_event_sends_nothing(scripted: Scripted) -> None:
    client, _ = scripted("sqs")
    SqsIntakeQueue(client, "https://example.invalid/intake").send([])


def test_an_event_the_queue_did_not_take_is_an_error(scripted: Scripted) -> None:
    client, stubber = scripted("sqs")
    stubber.add_response("send_message", {"MessageId": "m", "MD5OfMessageBody": "d"})
    stubber.add_client_error("send_message", "InternalError", http_status_code=500)
    with pytest.raises(ServiceUnavailable, match="InternalError"):
        SqsIntakeQueue(client, "https://example.invalid/intake").send([{}, {}])


def test_an_event_is_put_on_our_bus_under_our_name(scripted: Scripted) -> None:
    client, stubber = scripted("events")
    entry = {
        "Source": "selfheal",
        "DetailType": "Run Measured",
        "Detail": '{"run_id": "shop:1"}',
        "EventBusName": "selfheal-bus",
    }
    reply = {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}
    stubber.add_response("put_events", reply, {"Entries": [entry]})
    EventBridgeBus(client, "selfheal-bus").publish("Run Measured", {"run_id": "shop:1"})


def test_an_event_the_bus_did_not_take_is_worth_another_attempt(scripted: Scripted) -> None:
    client, stubber = scripted("events")
    failed = {
        "FailedEntryCount": 1,
        "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}],
    }
    stubber.add_response("put_events", failed)
    with pytest.raises(ServiceUnavailable, match="ThrottlingException"):
        EventBridgeBus(client, "selfheal").publish("Run Measured", {})


def test_a_message_reaches_the_topic() -> None:
    sns = boto3.client("sns")
    arn = sns.create_topic(Name="people")["TopicArn"]
    sqs, url = queue()
    target = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=target)
    SnsNotifier(sns, arn).send("healed: shop\n", "It was the cache.")
    (message,) = received(sqs, url)
    assert (message["Subject"], message["Message"]) == ("healed: shop", "It was the cache.")


def test_a_topic_that_is_gone_is_a_rejection() -> None:
    sns = boto3.client("sns")
    with pytest.raises(RequestRejected, match="sns:Publish: NotFound"):
        SnsNotifier(sns, "arn:aws:sns:us-east-1:123456789012:gone").send("subject", "text")


@given(st.text())
def test_any_subject_becomes_one_that_sns_takes(subject: str) -> None:
    fitted = fit_subject(subject)
    assert 1 <= len(fitted) <= SUBJECT_LIMIT
    assert all(" " <= character <= "~" for character in fitted)
    assert fitted == fitted.strip()


def test_a_good_subject_is_left_alone_and_a_long_one_shows_that_it_was_cut() -> None:
    assert fit_subject("[selfheal] shop failed: test_failure") == "[selfheal] shop failed: test_failure"
    assert fit_subject("x" * 101) == "x" * 97 + "..."
    assert fit_subject("Größe\r\nX: y") == "Gr??e X: y"


@pytest.mark.parametrize("character", ["x", "ü", "😀"])
def test_a_text_is_cut_to_what_sns_takes(character: str) -> None:
    fitted = fit_text(character * TEXT_LIMIT + "tail")
    assert TEXT_LIMIT - 4 <= len(fitted.encode()) <= TEXT_LIMIT
    assert fitted == fit_text(fitted)
    assert fitted.endswith(CUT)
    assert fit_text("short") == "short"


def test_a_waiting_execution_is_resumed_with_its_output(scripted: Scripted) -> None:
    client, stubber = scripted("stepfunctions")
    output = '{"run_id": "shop:2", "status": "SUCCEEDED"}'
    stubber.add_response("send_task_success", {}, {"taskToken": "t", "output": output})
    assert StepFunctionsResumer(client).resume("t", {"run_id": "shop:2", "status": "SUCCEEDED"}) is True


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_an_execution_that_no_longer_waits_is_no_error(scripted: Scripted, code: str) -> None:
    client, stubber = scripted("stepfunctions")
    stubber.add_client_error("send_task_success", code)
    assert StepFunctionsResumer(client).resume("t", {}) is False


@pytest.mark.parametrize(
    ("code", "kind"), [("ThrottlingException", Throttled), ("AccessDeniedException", RequestRejected)]
)
def test_any_other_refusal_to_resume_is_an_error_without_the_token(
    scripted: Scripted, code: str, kind: Any
) -> None:
    client, stubber = scripted("stepfunctions")
    stubber.add_client_error("send_task_success", code, "no")
    with pytest.raises(kind) as caught:
        StepFunctionsResumer(client).resume("very-secret-token", {})
    assert "very-secret-token" not in str(caught.value)
