"""CloudWatch Logs: a build's log, from its start on."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, Json, calling, error_code
from selfheal.diagnose.lines import LONGEST_LINE, lines_of
from selfheal.domain.run import LogLocation
from selfheal.ports import LogLine

HEAD_BYTES = 128 * 1024 * 1024
TAIL_BYTES = 4 * 1024 * 1024


class CloudWatchLogReader:
    """LogReader of logs in CloudWatch. Needs logs:GetLogEvents.

    Holds a page (1 MiB) at a time. Of a log of more than ``head_bytes`` the end, ``tail_bytes``, is read
    backwards and what lies between is left out; line numbers there count the lines read.
    """

    def __init__(self, client: Client, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES) -> None:
        self._client = client
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes

    def lines(self, place: LogLocation) -> Iterator[LogLine]:
        """LogReader."""
        for number, text in enumerate(lines_of(self._chunks(place), LONGEST_LINE), 1):
            yield LogLine(number, text)

    def _chunks(self, place: LogLocation) -> Iterator[str]:
        room, newest = self._head_bytes, 0
        for page in self._pages(place, from_head=True):
            yield from _messages(page)
            room -= sum(len(event["message"]) for event in page)
            newest = max((event["timestamp"] for event in page), default=newest)
            if room < 0:
                yield f"\n({self._head_bytes} bytes of the log were read from its start; what follows is its end)\n"
                yield from _messages(self._tail(place, newest))
                return

    def _tail(self, place: LogLocation, after: int) -> list[Json]:
        """The last events, ``tail_bytes`` of them at the most and none before the moment ``after``."""
        newest_first: list[Json] = []
        room = self._tail_bytes
        for page in self._pages(place, from_head=False):
            for event in reversed(page):
                room -= len(event["message"])
                if room < 0 or event["timestamp"] < after:
                    return newest_first[::-1]
                newest_first.append(event)
        return newest_first[::-1]

    def _pages(self, place: LogLocation, *, from_head: bool) -> Iterator[list[Json]]:
        request = {"logGroupName": place.group, "logStreamName": place.stream, "startFromHead": from_head}
        while True:
            page = self._page(request)
            yield page["events"]
            # The service says that there is no more by giving the same token back.
            token = page.get("nextForwardToken" if from_head else "nextBackwardToken")
            if not token or token == request.get("nextToken"):
                return
            request["nextToken"] = token

    def _page(self, request: Json) -> Json:
        with calling("logs:GetLogEvents"):
            try:
                reply: Json = self._client.get_log_events(**request)
            except ClientError as error:
                if error_code(error) == "ResourceNotFoundException":
                    return {"events": []}
                raise
        return reply


def _messages(page: list[Json]) -> Iterator[str]:
    """The page as text. Who ends any line by a newline may cut a long one over several events; else each is a line."""
    end = "" if any(event["message"].endswith("\n") for event in page) else "\n"
    for event in page:
        yield event["message"] + end
