"""AwaitOutcome: remembers that an execution waits for the end of the run it started."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.await_outcome import AwaitRequest, await_outcome
from selfheal.wire import decode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An AwaitRequest in; whether the run had ended already out."""
    request = decode(AwaitRequest, event)
    ended = await_outcome(request, waiters=runtime.waiters, runs=runtime.runs, bus=runtime.bus)
    return {"ended": ended}
