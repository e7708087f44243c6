"""Events on MiniStack's default bus, with a switch to lose or double them as a best-effort service may."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from local.devtools.delivery import UndeliveredError, deliver
from local.devtools.wire import Json

SOURCE_PREFIX = "sim"
log = logging.getLogger(__name__)


class Mode(Enum):
    """What becomes of an event."""

    DELIVER = "deliver"
    DROP = "drop"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Event:
    """One event; ``subject`` is the project, pipeline or application that it tells of."""

    service: str
    detail_type: str
    subject: str
    resources: tuple[str, ...]
    detail: Json
    time: float

    def entry(self) -> Json:
        return {
            "Source": f"{SOURCE_PREFIX}.{self.service}",
            "DetailType": self.detail_type,
            "Resources": list(self.resources),
            "Detail": json.dumps(self.detail),
            "Time": datetime.fromtimestamp(self.time, UTC),
        }


class EventPublisher:
    """Sends events in order from one thread. The mode holds for all subjects or for a named one."""

    def __init__(self, client: Any, closing: threading.Event) -> None:
        self._client, self._closing = client, closing
        self._lock = threading.Lock()
        self._modes: dict[str | None, Mode] = {None: Mode.DELIVER}
        self._counts: Counter[str] = Counter()
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)
        self._thread.start()

    def set_mode(self, mode: Mode, subject: str | None) -> None:
        """Set what becomes of the events of ``subject``; None stands for all and undoes single ones."""
        with self._lock:
            if subject is None:
                self._modes.clear()
            self._modes[subject] = mode

    def publish(self, event: Event) -> None:
        with self._lock:
            mode = self._modes.get(event.subject, self._modes.get(None, Mode.DELIVER))
        copies = {Mode.DELIVER: 1, Mode.DROP: 0, Mode.DUPLICATE: 2}[mode]
        if not copies:
            log.info("event dropped on request: %s %s", event.detail_type, event.subject)
            self._count("dropped")
        for _ in range(copies):
            self._queue.put(event)

    def counts(self) -> dict[str, int]:
        """How many events were sent, dropped on request, given up, and still wait."""
        with self._lock:
            return {name: self._counts[name] for name in ("sent", "dropped", "failed")} | {
                "pending": self._queue.unfinished_tasks
            }

    def close(self) -> None:
        """Send what waits and end."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (event := self._queue.get()) is not None:
            self._send(event)
            self._queue.task_done()

    def _send(self, event: Event) -> None:
        def put() -> None:
            reply = self._client.put_events(Entries=[event.entry()])
            if reply["FailedEntryCount"]:
                raise UndeliveredError(str(reply["Entries"]))

        sent = deliver(f"event {event.detail_type} of {event.subject}", put, self._closing)
        self._count("sent" if sent else "failed")

    def _count(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1
