"""Waiting that ends: by what is waited for, by a time limit, or because somebody wants to stop."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from local.errors import ScenarioStuck

T = TypeVar("T")
PAUSE_SECONDS = 0.25


class Patience:
    """A time limit shared by all the waits of one scenario; it runs from now on.

    ``where_to_look`` ends the message when it is over.
    """

    def __init__(self, seconds: float, stop: threading.Event, where_to_look: str) -> None:
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._stop = stop
        self._where = where_to_look

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        """Look again and again until there is something. Raises ScenarioStuck naming what was waited for."""
        while (found := look()) is None:
            if self._stop.wait(PAUSE_SECONDS):
                raise ScenarioStuck(f"stopped while waiting for {what}")
            if time.monotonic() > self._deadline:
                raise ScenarioStuck(f"no sign of {what} within {self._seconds:g} s. {self._where}")
        return found
