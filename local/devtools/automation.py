"""The operations of AWS Systems Manager Automation."""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from local.devtools.builds import ACCOUNT, REGION, present
from local.devtools.errors import ServiceError
from local.devtools.events import Event, EventPublisher
from local.devtools.operations import Caller, Operation
from local.devtools.runbooks import SCRIPT_ACTION, Runbook, RunbookError, Step, parse_runbook, run_step
from local.devtools.tag_lists import read_tags
from local.devtools.wire import Json

STATUS_EVENT = "EC2 Automation Execution Status-change Notification"
log = logging.getLogger(__name__)


@dataclass
class AutomationExecution:
    """One execution of a document; times are epoch seconds."""

    runbook: Runbook
    values: dict[str, str]
    caller: str
    id: str
    started: float
    ended: float | None = None
    status: str = "InProgress"
    failure: str | None = None
    steps: list[Json] = field(default_factory=list)

    def wire(self) -> Json:
        """The execution as GetAutomationExecution shows it."""
        return present(
            {
                "AutomationExecutionId": self.id,
                "DocumentName": self.runbook.name,
                "DocumentVersion": self.runbook.version,
                "ExecutionStartTime": round(self.started, 3),
                "ExecutionEndTime": None if self.ended is None else round(self.ended, 3),
                "AutomationExecutionStatus": self.status,
                "StepExecutions": list(self.steps),
                "Parameters": {name: [value] for name, value in self.values.items()},
                "FailureMessage": self.failure,
                "Mode": "Auto",
                "ExecutedBy": self.caller,
            }
        )


class Automation:
    """Documents and their executions, whose scripts work below ``directory``."""

    def __init__(self, events: EventPublisher, directory: Path) -> None:
        self._events, self._directory = events, directory
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[Runbook, dict[str, str]]] = {}
        self._executions: dict[str, AutomationExecution] = {}
        self._tokens: dict[str, tuple[Json, str]] = {}

    def operations(self) -> dict[str, Operation]:
        """The operations by name."""
        return {
            "CreateDocument": Operation(self._create_document, lambda p: [_arn("document", p["Name"])]),
            "DeleteDocument": Operation(self._delete_document, lambda p: [_arn("document", p["Name"])]),
            "StartAutomationExecution": Operation(self._start, _started),
            "GetAutomationExecution": Operation(
                self._get, lambda p: [_arn("automation-execution", p["AutomationExecutionId"])]
            ),
        }

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a document."""
        found = self._documents.get(arn.removeprefix(_arn("document", "")))
        return found[1] if found else {}

    def _create_document(self, params: Json, caller: Caller) -> Json:
        name, content = params["Name"], params["Content"]
        if params.get("DocumentType") != "Automation":
            raise ServiceError("InvalidDocumentContent", "DocumentType: the simulator offers Automation")
        try:
            runbook = parse_runbook(name, content)
        except RunbookError as error:
            raise ServiceError("InvalidDocumentContent", str(error)) from error
        with self._lock:
            if name in self._documents:
                raise ServiceError("DocumentAlreadyExists", f"Document with the name {name} already exists")
            self._documents[name] = runbook, read_tags(params.get("Tags", []))
        shown = {
            "Name": name,
            "Hash": hashlib.sha256(content.encode()).hexdigest(),
            "HashType": "Sha256",
            "DocumentVersion": runbook.version,
            "DocumentType": "Automation",
            "Status": "Active",
            "Owner": ACCOUNT,
        }
        return {"DocumentDescription": shown}

    def _delete_document(self, params: Json, caller: Caller) -> Json:
        with self._lock:
            if self._documents.pop(params["Name"], None) is None:
                raise ServiceError(
                    "InvalidDocument", f"Document with the name {params['Name']} does not exist"
                )
        return {}

    def _start(self, params: Json, caller: Caller) -> Json:
        _refuse_others(params)
        with self._lock:
            token = params.get("ClientToken")
            if token in self._tokens:
                known, execution_id = self._tokens[token]
                if known != params:
                    raise ServiceError(
                        "IdempotentParameterMismatch", "ClientToken: used with other parameters"
                    )
                return {"AutomationExecutionId": execution_id}
            execution = self._execution(params, caller)
            self._executions[execution.id] = execution
            if token:
                self._tokens[token] = params, execution.id
        self._publish(execution)
        threading.Thread(
            target=self._run, args=(execution,), name=f"automation-{execution.id}", daemon=True
        ).start()
        return {"AutomationExecutionId": execution.id}

    def _execution(self, params: Json, caller: Caller) -> AutomationExecution:
        name = params["DocumentName"]
        if name not in self._documents:
            message = f"Automation definition {name} not found"
            raise ServiceError("AutomationDefinitionNotFoundException", message)
        runbook = self._documents[name][0]
        if params.get("DocumentVersion", "$DEFAULT") not in ("$DEFAULT", "$LATEST", runbook.version):
            message = f"Automation definition {name} has no version {params['DocumentVersion']}"
            raise ServiceError("AutomationDefinitionVersionNotFoundException", message)
        try:
            values = runbook.values(params.get("Parameters", {}))
        except RunbookError as error:
            raise ServiceError("InvalidAutomationExecutionParametersException", str(error)) from error
        return AutomationExecution(runbook, values, caller.arn, str(uuid.uuid4()), time.time())

    def _get(self, params: Json, caller: Caller) -> Json:
        with self._lock:
            execution = self._executions.get(params["AutomationExecutionId"])
            if execution is None:
                message = f"Automation execution {params['AutomationExecutionId']} not found"
                raise ServiceError("AutomationExecutionNotFoundException", message)
            return {"AutomationExecution": execution.wire()}

    def _run(self, execution: AutomationExecution) -> None:
        directory = self._directory / execution.id
        # An error of the simulator itself must not leave an execution running for ever.
        status, failure = "Failed", "The simulator failed; see its own log."
        try:
            for step in execution.runbook.steps:
                self._run_step(execution, step, directory)
            status, failure = "Success", ""
        except RunbookError as error:
            failure = str(error)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            # Whoever reads that it ended must read why too, and its event must be on its way.
            with self._lock:
                execution.failure = failure or None
                execution.ended, execution.status = time.time(), status
                self._publish(execution)

    def _run_step(self, execution: AutomationExecution, step: Step, directory: Path) -> None:
        shown: Json = {
            "StepName": step.name,
            "Action": SCRIPT_ACTION,
            "ExecutionStartTime": round(time.time(), 3),
        }
        shown |= {"StepStatus": "InProgress", "StepExecutionId": str(uuid.uuid4())}
        execution.steps.append(shown)
        ended: Json = {}
        try:
            payload = run_step(step, execution.values, directory)
            ended = {"StepStatus": "Success", "Outputs": {"OutputPayload": [str(payload)]}}
        except RunbookError as error:
            ended = {"StepStatus": "Failed", "FailureMessage": str(error)}
            raise
        finally:
            # A new one: whoever is being shown the step has the old one in hand.
            execution.steps[-1] = shown | ended | {"ExecutionEndTime": round(time.time(), 3)}

    def _publish(self, execution: AutomationExecution) -> None:
        ended = execution.ended
        detail = {
            "ExecutionId": execution.id,
            "Definition": execution.runbook.name,
            "DefinitionVersion": float(execution.runbook.version),
            "Status": execution.status,
            "StartTime": _stamp(execution.started),
            "EndTime": _stamp(ended) if ended else None,
            "Time": round((ended - execution.started) * 1000) if ended else None,
            "ExecutedBy": execution.caller,
        }
        name = execution.runbook.name
        resources = (
            _arn("automation-execution", execution.id),
            _arn("automation-definition", f"{name}:{execution.runbook.version}"),
        )
        self._events.publish(Event("ssm", STATUS_EVENT, name, resources, present(detail), time.time()))


def _refuse_others(params: Json) -> None:
    known = {"DocumentName", "DocumentVersion", "Parameters", "ClientToken", "Mode", "Tags"}
    if others := sorted(params.keys() - known):
        message = f"{others[0]}: not offered by the simulator; leave it out"
        raise ServiceError("InvalidAutomationExecutionParametersException", message)
    if params.get("Mode", "Auto") != "Auto":
        message = "Mode: the simulator offers Auto"
        raise ServiceError("InvalidAutomationExecutionParametersException", message)


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:{kind}/{name}"


def _started(params: Json) -> list[str]:
    """Both the document and the execution that comes to be; user guide, "identity based policies", example 1."""
    return [_arn("document", params["DocumentName"]), _arn("automation-execution", "*")]


def _stamp(moment: float) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at:%b} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M:%S %p}"
