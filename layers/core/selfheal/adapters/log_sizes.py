"""CloudWatch Logs: how large a build's log is. The service itself says it of whole groups only."""

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, Json, calling, error_code
from selfheal.domain.run import LogLocation

# A page holds up to 1 MB; a log that is longer than this is long, however much longer it is.
PAGES = 6
_UNREADABLE = frozenset({"ResourceNotFoundException", "AccessDeniedException", "AccessDenied"})


class CloudWatchLogSizes:
    """LogSizes. Needs logs:GetLogEvents. The text is counted and let go: no word of it is kept."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def bytes_of(self, location: LogLocation) -> int | None:
        """LogSizes. Logs of groups that the stack may not read have no size."""
        names = {"logGroupName": location.group, "logStreamName": location.stream}
        request: dict[str, object] = {**names, "startFromHead": True}
        total = 0
        for _ in range(PAGES):
            page = self._page(request)
            if page is None:
                return None
            total += sum(len(event["message"].encode(errors="replace")) for event in page["events"])
            # The service says that it has come to the end of the stream by giving the same token back.
            token = page.get("nextForwardToken")
            if not token or token == request.get("nextToken"):
                break
            request["nextToken"] = token
        return total

    def _page(self, request: Json) -> Json | None:
        with calling("logs:GetLogEvents"):
            try:
                reply: Json = self._client.get_log_events(**request)
            except ClientError as error:
                if error_code(error) in _UNREADABLE:
                    return None
                raise
        return reply
