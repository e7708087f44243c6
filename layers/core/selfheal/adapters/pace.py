"""Politeness: no more calls a second than one was told, whatever the service would take."""

import time
from collections.abc import Callable
from typing import Any

from selfheal.adapters.calls import Client


class Pace:
    """Lets every call of a client wait its turn, repeated tries included."""

    def __init__(
        self,
        per_second: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = 1 / per_second
        self._now = now
        self._sleep = sleep
        self._next = 0.0

    def keep(self, client: Client) -> Client:
        """The same client, which keeps this pace from now on."""
        client.meta.events.register(
            f"before-send.{client.meta.service_model.service_id.hyphenize()}", self._wait
        )
        return client

    def _wait(self, **_: Any) -> None:
        """botocore sends the request itself as long as its handlers give nothing back."""
        early = self._next - self._now()
        if early > 0:
            self._sleep(early)
        self._next = max(self._now(), self._next) + self._seconds
