"""Systems Manager Automation: starting the runbooks that a policy names."""

from collections.abc import Mapping
from uuid import UUID

from selfheal.adapters.calls import Client, calling

UUID_DIGITS = 32


class AutomationRunbooks:
    """Runbooks. Needs ssm:StartAutomationExecution, and iam:PassRole for the role that the document assumes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def start(self, document: str, parameters: Mapping[str, str], token: str) -> str:
        """Runbooks. ``token`` is hexadecimal; the first half of a digest is as good as all of it."""
        with calling("ssm:StartAutomationExecution"):
            reply = self._client.start_automation_execution(
                DocumentName=document,
                Parameters={name: [value] for name, value in parameters.items()},
                ClientToken=str(UUID(hex=token[:UUID_DIGITS])),
            )
        return str(reply["AutomationExecutionId"])
