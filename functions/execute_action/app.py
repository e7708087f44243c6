"""ExecuteAction: carries out the decided action, once. The only function that may touch a pipeline."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.execute_action import ExecuteRequest, Executor
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An ExecuteRequest in; the Action out."""
    executor = Executor(
        incidents=runtime.incidents, decisions=runtime.decisions, reader=runtime.reader, tools=runtime.tools,
        actions=runtime.actions, ledger=runtime.ledger, clock=runtime.clock, permission=runtime.permission,
        estimator=runtime.estimator, alarm_check=runtime.alarm_check, actor=runtime.actor,
    )  # fmt: skip
    return encode(executor.execute(decode(ExecuteRequest, event)))
