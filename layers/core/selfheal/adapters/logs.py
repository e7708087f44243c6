"""CloudWatch Logs: the end of a build's log."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, Json, calling, error_code
from selfheal.domain.run import LogLocation
from selfheal.ports import LogLine


class CloudWatchLogReader:
    """LogReader. Needs logs:GetLogEvents."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def tail(self, location: LogLocation, max_bytes: int) -> list[LogLine]:
        """LogReader. Reads backwards, page by page, and no further than the bytes asked for."""
        newest_first: list[bytes] = []
        room = max_bytes
        for line in self._backwards(location):
            raw = line.encode(errors="replace")
            room -= len(raw) + 1
            if room < 0:
                if not newest_first:
                    newest_first.append(raw[max(0, len(raw) - max_bytes) :])
                break
            newest_first.append(raw)
        lines = (raw.decode(errors="ignore") for raw in reversed(newest_first))
        return [LogLine(number, text) for number, text in enumerate(lines, 1)]

    def _backwards(self, location: LogLocation) -> Iterator[str]:
        for page in self._pages(location):
            for event in reversed(page["events"]):
                yield from reversed(event["message"].removesuffix("\n").split("\n"))

    def _pages(self, location: LogLocation) -> Iterator[Json]:
        request = {
            "logGroupName": location.group,
            "logStreamName": location.stream,
            "startFromHead": False,
        }
        while True:
            page = self._page(request)
            yield page
            # The service says that it has come to the head of the stream by giving the same token back.
            token = page.get("nextBackwardToken")
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
