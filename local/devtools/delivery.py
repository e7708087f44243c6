"""Sending to MiniStack with patience: a failure is logged and tried again, never passed over in silence."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.2
log = logging.getLogger(__name__)


class UndeliveredError(Exception):
    """The receiver refused or rejected part of what was sent; worth another attempt."""


def deliver(what: str, send: Callable[[], object], closing: threading.Event) -> bool:
    """Call ``send`` until it succeeds; False after the last attempt, or early when ``closing`` is set."""
    pause = FIRST_PAUSE_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        try:
            send()
        except (BotoCoreError, ClientError, UndeliveredError) as error:
            log.warning("%s: attempt %d of %d failed: %s", what, attempt, ATTEMPTS, error)
            if closing.wait(pause):
                break
            pause *= 2
        else:
            return True
    log.error("%s: given up", what)
    return False
