"""SQS: the intake queue."""

import json
from collections.abc import Iterable, Mapping

from selfheal.adapters.calls import Client, calling


class SqsIntakeQueue:
    """IntakeQueue. Needs sqs:SendMessage on the queue."""

    def __init__(self, client: Client, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, events: Iterable[Mapping[str, object]]) -> None:
        """IntakeQueue, one message at a time: lost events are few. An error may leave some events queued;
        sending all of them again is harmless."""
        for event in events:
            with calling("sqs:SendMessage"):
                self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(event))
