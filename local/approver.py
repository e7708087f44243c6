"""Does what somebody does who approves: signs a statement with his own credentials and hands it to the stack."""

import json
from dataclasses import dataclass
from typing import Any

from local.clients import client
from local.state import CloudState
from selfheal.adapters.calls import calling
from selfheal.adapters.sts import sign
from selfheal.domain.approval import Answer
from selfheal.domain.errors import ApprovalRefused
from selfheal.steps.answer_approval import SignedStatement, Statement
from selfheal.wire import decode, encode

FUNCTION_OUTPUT = "AnswerApprovalFunctionName"
AUDIENCE_OUTPUT = "TableName"


@dataclass(frozen=True, slots=True)
class Approver:
    """Answers approvals of one stack; ``functions`` and ``sts`` are clients with the approver's credentials."""

    functions: Any
    sts: Any
    function: str
    audience: str

    def answer(self, statement: Statement) -> Answer:
        """The answer that stands. Raises ApprovalRefused with the stack's reason, RequestRejected when IAM refuses."""
        signed = SignedStatement(statement, sign(self.sts, statement.to(self.audience)))
        payload = json.dumps(encode(signed))
        with calling("lambda:InvokeFunction"):
            reply = self.functions.invoke(FunctionName=self.function, Payload=payload)
            document = json.loads(reply["Payload"].read())
        if "FunctionError" in reply:
            raise ApprovalRefused(document.get("errorMessage", "the stack gave no reason"))
        return decode(Answer, document)


def local_approver(state: CloudState) -> Approver:
    """An approver in the local cloud: the account's root."""
    outputs = state.outputs
    return Approver(
        client(state, "lambda"), client(state, "sts"), outputs[FUNCTION_OUTPUT], outputs[AUDIENCE_OUTPUT]
    )
