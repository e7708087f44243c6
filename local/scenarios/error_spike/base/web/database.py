"""The product database and the connections to it, of which there are only so many."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

CONNECTIONS = 20


class PoolExhausted(Exception):
    """All connections are in use."""


class Pool:
    """Lends connections, each to one request at a time."""

    def __init__(self, size: int = CONNECTIONS) -> None:
        self._free = threading.Semaphore(size)

    def take(self) -> None:
        if not self._free.acquire(timeout=0.05):
            raise PoolExhausted("no connection became free in time")

    def give_back(self) -> None:
        self._free.release()

    @contextmanager
    def connection(self) -> Iterator[None]:
        self.take()
        try:
            yield
        finally:
            self.give_back()
