"""SQS: the intake queue."""

import json
from collections.abc import Iterable, Mapping
from itertools import islice

from selfheal.adapters.calls import Client, Json, calling
from selfheal.domain.errors import RequestRejected, ServiceUnavailable

BATCH = 10


class SqsIntakeQueue:
    """IntakeQueue. Needs sqs:SendMessage on the queue."""

    def __init__(self, client: Client, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, events: Iterable[Mapping[str, object]]) -> None:
        """IntakeQueue. An error may leave some events queued; sending all of them again is harmless."""
        remaining = iter(events)
        while batch := list(islice(remaining, BATCH)):
            entries = [{"Id": str(n), "MessageBody": json.dumps(event)} for n, event in enumerate(batch)]
            with calling("sqs:SendMessage"):
                reply = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            _check(reply)


def _check(reply: Json) -> None:
    for failed in reply.get("Failed", []):
        text = f"sqs:SendMessage: {failed['Code']}"
        raise RequestRejected(text) if failed["SenderFault"] else ServiceUnavailable(text)
