"""Runbooks of Systems Manager: real scripts, their events, and the rest of the service that MiniStack answers."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from local.devtools.automation import STATUS_EVENT, Automation
from local.devtools.errors import ServiceError
from local.devtools.runbooks import RunbookError, parse_runbook
from tests.local.devtools.simulated import Bus, Client, Json, tell_late, until

RUNBOOK = """
schemaVersion: "0.3"
parameters:
  Service: {type: String}
  Depth: {type: String, default: shallow}
mainSteps:
  - name: sweep
    action: aws:executeScript
    inputs:
      Runtime: python3.11
      Handler: sweep
      InputPayload: {service: "{{ Service }}", depth: "{{ Depth }}", times: 2}
      Script: |
        import os
        def sweep(events, context):
            if events["service"] == "stuck":
                raise RuntimeError("nothing can be swept")
            return {"swept": f'{events["service"]} {events["depth"]} {events["times"]}', "home": os.environ["HOME"]}
"""


class Runbooks(Client):
    """Systems Manager with one document."""

    def __init__(self, directory: Path) -> None:
        self.bus, self.directory = Bus(), directory
        super().__init__("ssm", Automation(self.bus.publisher, directory))
        document = {
            "Name": "Sweep",
            "Content": RUNBOOK,
            "DocumentType": "Automation",
            "DocumentFormat": "YAML",
        }
        self.call("CreateDocument", **document, Tags=[{"Key": "selfheal", "Value": "enabled"}])

    def start(self, service: str = "cache", **more: Any) -> str:
        given = {"DocumentName": "Sweep", "Parameters": {"Service": [service]}} | more
        return str(self.call("StartAutomationExecution", **given)["AutomationExecutionId"])

    def ended(self, execution: str) -> Json:
        def over() -> Json:
            reply = self.call("GetAutomationExecution", AutomationExecutionId=execution)[
                "AutomationExecution"
            ]
            return dict(reply) if "ExecutionEndTime" in reply else {}

        return dict(until(over))


@pytest.fixture
def runbooks(tmp_path: Path) -> Runbooks:
    return Runbooks(tmp_path)


def test_a_runbook_runs_its_script_with_its_parameters(runbooks: Runbooks) -> None:
    done = runbooks.ended(runbooks.start())
    assert done["AutomationExecutionStatus"] == "Success"
    assert done["Parameters"] == {"Service": ["cache"], "Depth": ["shallow"]}
    (step,) = done["StepExecutions"]
    assert step["StepStatus"] == "Success"
    assert "cache shallow 2" in step["Outputs"]["OutputPayload"][0]
    assert str(runbooks.directory) in step["Outputs"]["OutputPayload"][0]
    events = runbooks.bus.of(STATUS_EVENT)
    assert [event["Status"] for event in events] == ["InProgress", "Success"]
    assert events[-1]["ExecutionId"] == done["AutomationExecutionId"]
    assert (events[-1]["Definition"], events[-1]["ExecutedBy"][-5:]) == ("Sweep", ":root")


def test_a_script_that_fails_fails_the_execution_with_its_last_words(runbooks: Runbooks) -> None:
    failed = runbooks.ended(runbooks.start("stuck"))
    assert failed["AutomationExecutionStatus"] == "Failed"
    assert failed["FailureMessage"] == "Step sweep failed: RuntimeError: nothing can be swept"
    assert runbooks.bus.of(STATUS_EVENT)[-1]["Status"] == "Failed"


def test_an_execution_is_not_seen_as_ended_before_its_event_is_on_its_way(
    runbooks: Runbooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_late(monkeypatch)
    runbooks.ended(runbooks.start())
    assert runbooks.bus.of(STATUS_EVENT)[-1]["Status"] == "Success"


def test_the_same_token_starts_one_execution(runbooks: Runbooks) -> None:
    token = str(uuid.uuid4())
    assert runbooks.start(ClientToken=token) == runbooks.start(ClientToken=token)
    with pytest.raises(ServiceError) as mismatch:
        runbooks.start("other", ClientToken=token)
    assert mismatch.value.code == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"DocumentName": "Dust"}, "AutomationDefinitionNotFoundException"),
        ({"DocumentVersion": "7"}, "AutomationDefinitionVersionNotFoundException"),
        ({"Parameters": {}}, "InvalidAutomationExecutionParametersException"),
        (
            {"Parameters": {"Service": ["x"], "Colour": ["y"]}},
            "InvalidAutomationExecutionParametersException",
        ),
        ({"TargetParameterName": "x"}, "InvalidAutomationExecutionParametersException"),
    ],
)
def test_what_cannot_be_run_is_refused(runbooks: Runbooks, given: Json, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        runbooks.start(**given)
    assert refused.value.code == code


def test_a_document_can_be_deleted_and_made_anew(runbooks: Runbooks) -> None:
    runbooks.call("DeleteDocument", Name="Sweep")
    with pytest.raises(ServiceError, match="does not exist"):
        runbooks.call("DeleteDocument", Name="Sweep")
    runbooks.call("CreateDocument", Name="Sweep", Content=RUNBOOK, DocumentType="Automation")
    assert runbooks.ended(runbooks.start())["AutomationExecutionStatus"] == "Success"


def test_a_start_needs_rights_on_the_document_and_on_executions(runbooks: Runbooks) -> None:
    document, executions = runbooks.resources("StartAutomationExecution", DocumentName="Sweep")
    assert document == "arn:aws:ssm:us-east-1:000000000000:document/Sweep"
    assert executions == "arn:aws:ssm:us-east-1:000000000000:automation-execution/*"
    assert runbooks.service.tags(document) == {"selfheal": "enabled"}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"0.3"', '"2.2"', "schemaVersion"),
        ("aws:executeScript", "aws:runCommand", "aws:executeScript"),
        ("python3.11", "PowerShell 7.0", "Runtime"),
        ("Handler: sweep", "Handle: sweep", "Handler"),
        ("mainSteps:", "steps:", "mainSteps"),
        ("parameters:", "parameters: [", "YAML"),
    ],
)
def test_a_document_that_cannot_be_run_names_its_key(old: str, new: str, complaint: str) -> None:
    with pytest.raises(RunbookError, match=complaint):
        parse_runbook("Sweep", RUNBOOK.replace(old, new))


def test_the_rest_of_the_service_is_ministack_s(cloud: Any) -> None:
    ssm, name = cloud.client("ssm"), f"/shop/{uuid.uuid4().hex}"
    ssm.put_parameter(Name=name, Value="42", Type="String")
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "42"
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=f"{name}-gone")
    with pytest.raises(ssm.exceptions.AutomationDefinitionNotFoundException):
        ssm.start_automation_execution(DocumentName="Dust")
