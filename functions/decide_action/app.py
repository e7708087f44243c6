"""DecideAction: lets the policy decide what happens."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.decide_action import DecideRequest, decide_action
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """A DecideRequest in; the Decision out."""
    return encode(decide_action(
        decode(DecideRequest, event), incidents=runtime.incidents, actions=runtime.actions, ledger=runtime.ledger,
        clock=runtime.clock, policy=runtime.policy, ceiling=runtime.settings.mode,
    ))  # fmt: skip
