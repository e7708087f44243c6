import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from selfheal.adapters.log_sizes import PAGES, CloudWatchLogSizes
from selfheal.domain.errors import RequestRejected, Throttled
from selfheal.domain.run import LogLocation

Scripted = Callable[[str], tuple[Any, Stubber]]
LOG = LogLocation("/aws/codebuild/shop", "0a1b")


def test_the_size_is_the_bytes_of_the_text() -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=LOG.group)
    logs.create_log_stream(logGroupName=LOG.group, logStreamName=LOG.stream)
    messages = ["ten bytes\n", "größer\n"]
    now = int(time.time() * 1000)
    events = [{"timestamp": now + n, "message": message} for n, message in enumerate(messages)]
    logs.put_log_events(logGroupName=LOG.group, logStreamName=LOG.stream, logEvents=events)
    assert CloudWatchLogSizes(logs).bytes_of(LOG) == 10 + 9


def test_a_log_that_does_not_exist_has_no_size() -> None:
    assert CloudWatchLogSizes(boto3.client("logs")).bytes_of(LOG) is None


def a_page(stubber: Stubber, text: str, token: str) -> None:
    events = [{"timestamp": 1, "message": text, "ingestionTime": 1}] if text else []
    stubber.add_response("get_log_events", {"events": events, "nextForwardToken": token})


def test_pages_are_added_up_until_the_token_stays_the_same_empty_ones_too(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    for text, token in (("abc", "f/1"), ("", "f/2"), ("de", "f/3"), ("", "f/3")):
        a_page(stubber, text, token)
    assert CloudWatchLogSizes(client).bytes_of(LOG) == 5


def test_counting_ends_at_the_limit(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    for n in range(PAGES):
        a_page(stubber, "x" * 10, f"f/{n}")
    assert CloudWatchLogSizes(client).bytes_of(LOG) == 10 * PAGES


def test_a_log_of_a_group_that_may_not_be_read_has_no_size(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    stubber.add_client_error("get_log_events", "AccessDeniedException")
    assert CloudWatchLogSizes(client).bytes_of(LOG) is None


@pytest.mark.parametrize(
    ("code", "kind"), [("ThrottlingException", Throttled), ("InvalidParameterException", RequestRejected)]
)
def test_any_other_refusal_is_an_error(scripted: Scripted, code: str, kind: Any) -> None:
    client, stubber = scripted("logs")
    stubber.add_client_error("get_log_events", code)
    with pytest.raises(kind, match="logs:GetLogEvents"):
        CloudWatchLogSizes(client).bytes_of(LOG)
