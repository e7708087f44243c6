from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from selfheal.adapters.logs import CloudWatchLogReader
from selfheal.domain.errors import RequestRejected
from selfheal.domain.run import LogLocation
from selfheal.ports import LogLine

Scripted = Callable[[str], tuple[Any, Stubber]]
WHERE = LogLocation("/aws/codebuild/shop", "0a1b")
TIME = int(datetime.now(UTC).timestamp() * 1000)  # the service refuses events that are weeks old


def a_page(stubber: Stubber, messages: list[str], token: str, asked: str = "") -> None:
    request = {"logGroupName": WHERE.group, "logStreamName": WHERE.stream, "startFromHead": False}
    events = [{"timestamp": TIME, "message": message} for message in messages]
    reply = {"events": events, "nextBackwardToken": token}
    stubber.add_response("get_log_events", reply, request | ({"nextToken": asked} if asked else {}))


def test_lines_are_read_from_a_real_stream_in_order() -> None:
    client = boto3.client("logs")
    client.create_log_group(logGroupName=WHERE.group)
    client.create_log_stream(logGroupName=WHERE.group, logStreamName=WHERE.stream)
    messages = ["one\n", "two\nthree\n", "\n", "Ärger"]
    events: Any = [{"timestamp": TIME + n, "message": message} for n, message in enumerate(messages)]
    client.put_log_events(logGroupName=WHERE.group, logStreamName=WHERE.stream, logEvents=events)
    texts = ["one", "two", "three", "", "Ärger"]
    expected = [LogLine(number, text) for number, text in enumerate(texts, 1)]
    assert CloudWatchLogReader(client).tail(WHERE, 10_000) == expected


@pytest.mark.parametrize("group_exists", [True, False])
def test_a_log_that_does_not_exist_is_empty(group_exists: bool) -> None:
    client = boto3.client("logs")
    if group_exists:
        client.create_log_group(logGroupName=WHERE.group)
    assert CloudWatchLogReader(client).tail(WHERE, 10_000) == []


def test_pages_are_read_backwards_past_an_empty_one_to_the_head(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["four", "five"], "b1")
    a_page(stubber, [], "b2", asked="b1")
    a_page(stubber, ["one", "two", "three"], "b3", asked="b2")
    a_page(stubber, [], "b3", asked="b3")
    lines = CloudWatchLogReader(client).tail(WHERE, 10_000)
    assert [line.text for line in lines] == ["one", "two", "three", "four", "five"]


def test_reading_stops_at_the_bytes_asked_for_and_leaves_older_pages_alone(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["aaaa", "bbbb", "cccc"], "b1")
    assert CloudWatchLogReader(client).tail(WHERE, 10) == [LogLine(1, "bbbb"), LogLine(2, "cccc")]


def test_bytes_are_counted_and_not_characters(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["öö", "üü"], "b1")
    assert CloudWatchLogReader(client).tail(WHERE, 9) == [LogLine(1, "üü")]


@pytest.mark.parametrize(("limit", "text"), [(5, "xxend"), (1, "d"), (0, "")])
def test_of_a_line_longer_than_all_there_is_room_for_the_end_is_kept(
    scripted: Scripted, limit: int, text: str
) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["x" * 100_000 + "end"], "b1")
    assert CloudWatchLogReader(client).tail(WHERE, limit) == [LogLine(1, text)]


def test_a_log_that_may_not_be_read_is_not_empty(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    stubber.add_client_error("get_log_events", "AccessDeniedException", "no", http_status_code=400)
    with pytest.raises(RequestRejected, match="logs:GetLogEvents"):
        CloudWatchLogReader(client).tail(WHERE, 10_000)
