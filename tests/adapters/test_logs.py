from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from selfheal.adapters.logs import CloudWatchLogReader
from selfheal.diagnose.lines import LONGEST_LINE
from selfheal.domain.errors import RequestRejected
from selfheal.domain.run import LogLocation
from selfheal.ports import LogLine

Scripted = Callable[[str], tuple[Any, Stubber]]
WHERE = LogLocation("/aws/codebuild/shop", "0a1b")
TIME = int(datetime.now(UTC).timestamp() * 1000)  # the service refuses events that are weeks old


def a_page(
    stubber: Stubber, messages: list[str], token: str, asked: str = "", *, head: bool = True, time: int = TIME
) -> None:
    request = {"logGroupName": WHERE.group, "logStreamName": WHERE.stream, "startFromHead": head}
    events = [{"timestamp": time, "message": message} for message in messages]
    reply = {"events": events, "nextForwardToken" if head else "nextBackwardToken": token}
    stubber.add_response("get_log_events", reply, request | ({"nextToken": asked} if asked else {}))


def texts(reader: CloudWatchLogReader) -> list[str]:
    lines = list(reader.lines(WHERE))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    return [line.text for line in lines]


def test_lines_are_read_from_a_real_stream_in_order() -> None:
    client = boto3.client("logs")
    client.create_log_group(logGroupName=WHERE.group)
    client.create_log_stream(logGroupName=WHERE.group, logStreamName=WHERE.stream)
    messages = ["one\n", "two\nthree\n", "\n", "Ärger\n"]
    events: Any = [{"timestamp": TIME + n, "message": message} for n, message in enumerate(messages)]
    client.put_log_events(logGroupName=WHERE.group, logStreamName=WHERE.stream, logEvents=events)
    assert texts(CloudWatchLogReader(client)) == ["one", "two", "three", "", "Ärger"]


def test_events_without_newlines_are_lines_too() -> None:
    client = boto3.client("logs")
    client.create_log_group(logGroupName=WHERE.group)
    client.create_log_stream(logGroupName=WHERE.group, logStreamName=WHERE.stream)
    events: Any = [{"timestamp": TIME + n, "message": f"line {n}"} for n in range(3)]
    client.put_log_events(logGroupName=WHERE.group, logStreamName=WHERE.stream, logEvents=events)
    assert texts(CloudWatchLogReader(client)) == ["line 0", "line 1", "line 2"]


@pytest.mark.parametrize("group_exists", [True, False])
def test_a_log_that_does_not_exist_is_empty(group_exists: bool) -> None:
    client = boto3.client("logs")
    if group_exists:
        client.create_log_group(logGroupName=WHERE.group)
    assert texts(CloudWatchLogReader(client)) == []


def test_pages_are_read_past_an_empty_one_to_the_end(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["one\n", "two\n"], "f1")
    a_page(stubber, [], "f2", asked="f1")
    a_page(stubber, ["three\n"], "f3", asked="f2")
    a_page(stubber, [], "f3", asked="f3")
    assert texts(CloudWatchLogReader(client)) == ["one", "two", "three"]


def test_pages_are_read_as_they_are_asked_for(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["one\n", "two\n"], "f1")
    assert next(CloudWatchLogReader(client).lines(WHERE)) == LogLine(1, "one")


def test_a_line_cut_over_events_and_pages_is_one_line(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["first\n", "the sec"], "f1")
    a_page(stubber, ["ond, whole\n"], "f1", asked="f1")
    assert texts(CloudWatchLogReader(client)) == ["first", "the second, whole"]


def test_of_a_longer_log_the_end_is_read_and_the_gap_said(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["aaaa\n", "bbbb\n"], "f1", time=TIME)
    a_page(stubber, ["yyyy\n", "zzzz\n"], "b1", head=False, time=TIME + 9)
    a_page(stubber, ["wwww\n", "xxxx\n"], "b2", asked="b1", head=False, time=TIME + 8)
    found = texts(CloudWatchLogReader(client, head_bytes=9, tail_bytes=15))
    assert found[:2] == ["aaaa", "bbbb"]
    assert "9 bytes of the log were read" in found[3]
    assert found[4:] == ["xxxx", "yyyy", "zzzz"]


def test_the_end_does_not_repeat_what_was_read_before_it(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["aaaa\n", "bbbb\n"], "f1", time=TIME)
    a_page(stubber, ["zzzz\n"], "b1", head=False, time=TIME + 1)
    a_page(stubber, ["aaaa\n", "bbbb\n"], "b2", asked="b1", head=False, time=TIME - 1)
    assert texts(CloudWatchLogReader(client, head_bytes=9, tail_bytes=1000))[4:] == ["zzzz"]


def test_a_line_that_does_not_end_is_cut(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    a_page(stubber, ["\n", "x" * 300_000], "f1")
    a_page(stubber, ["x" * 300_000], "f1", asked="f1")
    assert [len(text) for text in texts(CloudWatchLogReader(client))] == [0, LONGEST_LINE + 1]


def test_a_log_that_may_not_be_read_is_not_empty(scripted: Scripted) -> None:
    client, stubber = scripted("logs")
    stubber.add_client_error("get_log_events", "AccessDeniedException", "no", http_status_code=400)
    with pytest.raises(RequestRejected, match="logs:GetLogEvents"):
        list(CloudWatchLogReader(client).lines(WHERE))
