"""Escalate: the one exit for errors; records what broke and calls a person."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.escalate import escalate
from selfheal.steps.state import HealState
from selfheal.wire import decode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """The state data with error, cause and state in; the subject line out."""
    state = decode(HealState, event)
    subject = escalate(
        state,
        ledger=runtime.ledger,
        notifier=runtime.notifier,
        approvals=runtime.approvals,
        clock=runtime.clock,
    )
    return {"subject": subject}
