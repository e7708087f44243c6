"""How long the tests of the deployed stack wait."""

import threading

from local.patience import Patience


def waiting(seconds: float = 600) -> Patience:
    """Far longer than anything takes: a wait that succeeds costs nothing."""
    return Patience(seconds, threading.Event(), "")
