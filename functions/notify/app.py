"""Notify: tells people how an incident ended."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.notify import notify
from selfheal.steps.state import HealState
from selfheal.wire import decode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """The state data in; the subject line out."""
    state = decode(HealState, event)
    return {"subject": notify(state, ledger=runtime.ledger, notifier=runtime.notifier, clock=runtime.clock)}
