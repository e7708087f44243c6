"""AnswerApproval: takes a person's answer. Called by `selfheal approve` and `selfheal reject`, with IAM before it."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.answer_approval import Answerer, SignedStatement
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """A SignedStatement in; the answer that stands out."""
    answerer = Answerer(
        approvals=runtime.approvals, ledger=runtime.ledger, identities=runtime.identities, bus=runtime.bus,
        clock=runtime.clock, audience=runtime.audience, account=runtime.account, approvers=runtime.approvers,
    )  # fmt: skip
    return encode(answerer.answer(decode(SignedStatement, event)))
