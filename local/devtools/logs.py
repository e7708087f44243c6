"""A build's log, streamed to CloudWatch Logs in batches while the build runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from local.devtools.delivery import deliver

FLUSH_SECONDS = 0.5
BATCH_EVENTS = 10_000
BATCH_BYTES = 1_000_000
EVENT_OVERHEAD = 26
LINE_BYTES = 200_000


class BuildLog:
    """Lines go out in order every half second, from one thread; ``close`` sends what is left and waits."""

    def __init__(self, client: Any, group: str, stream: str, closing: threading.Event) -> None:
        self._client, self._group, self._stream, self._closing = client, group, stream, closing
        self._lock = threading.Lock()
        self._pending: list[tuple[int, str]] = []
        self._last = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"log-{stream}", daemon=True)
        self._thread.start()

    def line(self, text: str) -> None:
        """One line of a command's output."""
        with self._lock:
            # CloudWatch Logs wants a batch in the order of its time stamps, whatever the clock does.
            self._last = max(self._last, int(time.time() * 1000))
            encoded = text.encode()
            parts = range(0, max(len(encoded), 1), LINE_BYTES)
            for start in parts:
                part = encoded[start : start + LINE_BYTES].decode(errors="replace")
                self._pending.append((self._last, part + "\n"))

    def note(self, text: str) -> None:
        """One line of the service itself."""
        stamp = datetime.now(UTC).strftime("%Y/%m/%d %H:%M:%S.%f")
        self.line(f"[Container] {stamp} {text}")

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _work(self) -> None:
        self._create()
        while not self._closed.wait(FLUSH_SECONDS):
            self._flush()
        self._flush()

    def _create(self) -> None:
        exists = self._client.exceptions.ResourceAlreadyExistsException

        def create() -> None:
            for make, names in (
                (self._client.create_log_group, {"logGroupName": self._group}),
                (
                    self._client.create_log_stream,
                    {"logGroupName": self._group, "logStreamName": self._stream},
                ),
            ):
                try:
                    make(**names)
                except exists:
                    continue

        deliver(f"log stream {self._group}/{self._stream}", create, self._closing)

    def _flush(self) -> None:
        with self._lock:
            lines, self._pending = self._pending, []
        for batch in batches(lines):
            self._put(batch)

    def _put(self, batch: list[dict[str, Any]]) -> None:
        def put() -> None:
            self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=batch)

        deliver(f"{len(batch)} lines of {self._group}/{self._stream}", put, self._closing)


def batches(lines: list[tuple[int, str]]) -> Iterator[list[dict[str, Any]]]:
    """``lines`` as PutLogEvents batches within the service's limits on events and bytes."""
    batch: list[dict[str, Any]] = []
    size = 0
    for timestamp, message in lines:
        cost = len(message.encode()) + EVENT_OVERHEAD
        if batch and (len(batch) == BATCH_EVENTS or size + cost > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append({"timestamp": timestamp, "message": message})
        size += cost
    if batch:
        yield batch
