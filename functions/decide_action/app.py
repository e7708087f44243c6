"""DecideAction: lets the policy decide what happens."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.decide_action import DecideRequest, decide_action
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """A DecideRequest in; the Decision out."""
    request = decode(DecideRequest, event)
    return encode(
        decide_action(
            request,
            incidents=runtime.incidents,
            decisions=runtime.decisions,
            ledger=runtime.ledger,
            estimator=runtime.estimator,
            permission=runtime.permission,
            vain=runtime.vain,
        )
    )
