from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.automation import AutomationRunbooks
from selfheal.domain.errors import RequestRejected, Throttled
from selfheal.steps.execute_action import token_of

Scripted = Callable[[str], tuple[Any, Stubber]]
TOKEN = token_of("0123456789abcdef")


def test_a_runbook_is_started_with_its_parameters_and_the_same_token_each_time(scripted: Scripted) -> None:
    client, stubber = scripted("ssm")
    digits = TOKEN[:32]
    uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    request = {"DocumentName": "Selfheal-x", "Parameters": {"Incident": ["1"]}, "ClientToken": uuid}
    reply = {"AutomationExecutionId": "73c8eef8-f4ee-4a05-820c-e354fEXAMPLE"}
    for _ in range(2):
        stubber.add_response("start_automation_execution", reply, request)
        started = AutomationRunbooks(client).start("Selfheal-x", {"Incident": "1"}, TOKEN)
        assert started == reply["AutomationExecutionId"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidAutomationExecutionParametersException", RequestRejected),
        ("AutomationDefinitionNotFoundException", RequestRejected),
        ("AutomationExecutionLimitExceededException", Throttled),
    ],
)
def test_a_refusal_keeps_the_services_reason(scripted: Scripted, code: str, kind: Any) -> None:
    client, stubber = scripted("ssm")
    stubber.add_client_error("start_automation_execution", code, "Incident is not a parameter")
    with pytest.raises(kind, match=r"ssm:StartAutomationExecution.*Incident is not a parameter"):
        AutomationRunbooks(client).start("Selfheal-x", {"Incident": "1"}, TOKEN)
