"""RequestApproval: asks a person whether exactly this may be done. Reads pipelines, touches none."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.request_approval import ApprovalRequest, Asker
from selfheal.wire import decode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An ApprovalRequest in; how the question stands out. The execution waits for its task token."""
    asker = Asker(
        incidents=runtime.incidents, decisions=runtime.decisions, reader=runtime.reader, tools=runtime.tools,
        approvals=runtime.approvals, waiters=runtime.waiters, ledger=runtime.ledger, notifier=runtime.notifier,
        bus=runtime.bus, clock=runtime.clock, policy=runtime.policy, wait=runtime.approval_wait,
        stack=runtime.stack, actor=runtime.actor,
    )  # fmt: skip
    return {"status": asker.request(decode(ApprovalRequest, event)).status.value}
