"""Pipelines: executions that are worked through to their end, one step after the other."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from local.devtools.wire import misfits, service_model
from local.sagemaker.definition import Run, holds, parameters_of
from local.sagemaker.errors import Refused
from local.sagemaker.forest import LoadedForest
from local.sagemaker.jobs import Storage, process, property_file, train, transform

PLACE = "us-east-1:000000000000"
CREATES = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "Training": ("CreateTrainingJob", "TrainingJobName"),
    "Transform": ("CreateTransformJob", "TransformJobName"),
    "Model": ("CreateModel", "ModelName"),
    "RegisterModel": ("CreateModelPackage", ""),
}
Json = Mapping[str, Any]


@dataclass(slots=True)
class Execution:
    """One execution. ``steps`` as ListPipelineExecutionSteps gives them; ``failure`` is empty when all went well."""

    arn: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    work: threading.Thread | None = None

    @property
    def status(self) -> str:
        """The service's word."""
        if self.work and self.work.is_alive():
            return "Executing"
        return "Failed" if self.failure else "Succeeded"

    def wait(self) -> "Execution":
        """Until it is over."""
        if self.work:
            self.work.join()
        return self


class Executor:
    """Works through executions of one definition. ``register`` takes a registered model's request."""

    def __init__(
        self, name: str, definition: Json, storage: Storage, register: Callable[[dict[str, Any]], None]
    ) -> None:
        self.name, self._definition, self._storage, self._register = name, definition, storage, register
        self.executions: dict[str, Execution] = {}
        self._models: dict[str, str] = {}
        self._lock = threading.Lock()

    def start(self, given: Mapping[str, str], token: str) -> Execution:
        """Begin to work an execution through; the same token gives the same one."""
        number = hashlib.sha256(token.encode()).hexdigest()[:12]
        arn = f"arn:aws:sagemaker:{PLACE}:pipeline/{self.name}/execution/{number}"
        with self._lock:
            if arn not in self.executions:
                self.executions[arn] = self._begun(arn, number, given)
            return self.executions[arn]

    def _begun(self, arn: str, number: str, given: Mapping[str, str]) -> Execution:
        execution = Execution(arn)
        names = {
            "PipelineExecutionId": number,
            "PipelineExecutionArn": arn,
            "PipelineName": self.name,
        }
        run = Run(names, parameters_of(self._definition, given))
        execution.work = threading.Thread(target=self._work, args=(self._definition["Steps"], run, execution))
        execution.work.start()
        return execution

    def _work(self, steps: list[dict[str, Any]], run: Run, execution: Execution) -> None:
        for step in steps:
            if execution.failure:
                return
            place, shown = len(execution.steps), {"StepName": step["Name"], "StepStatus": "Executing"}
            execution.steps.append(shown)
            ended = {"StepStatus": "Succeeded"}
            try:
                self._step(step, run, execution)
            except (Refused, ClientError, KeyError, ValueError) as error:
                ended = {"StepStatus": "Failed", "FailureReason": str(error)[:1000]}
                execution.failure = f"Step failure: {step['Name']}"
            # A new one: whoever is being shown the step has the old one in hand.
            execution.steps[place] = shown | ended

    def _step(self, step: Json, run: Run, execution: Execution) -> None:
        if step["Type"] == "Condition":
            met = all(holds(condition, run) for condition in step["Arguments"]["Conditions"])
            self._work(step["Arguments"]["IfSteps" if met else "ElseSteps"], run, execution)
            return
        asked = run.followed(step["Arguments"])
        if step["Type"] == "Fail":
            raise Refused(asked["ErrorMessage"])
        job = f"pipelines-{run.execution['PipelineExecutionId']}-{step['Name']}"
        self._require(step["Type"], asked, job)
        run.steps[step["Name"]] = self._done(step, asked, job)
        for wanted in step.get("PropertyFiles", []):
            uri = run.steps[step["Name"]]["outputs"][wanted["OutputName"]]
            run.files[wanted["PropertyFileName"]] = property_file(self._storage, uri, wanted["FilePath"])

    def _done(self, step: Json, asked: dict[str, Any], job: str) -> dict[str, Any]:
        match step["Type"]:
            case "Processing":
                return process(self._storage, asked)
            case "Training":
                return train(self._storage, asked, job)
            case "Model":
                self._models[job] = asked["PrimaryContainer"]["ModelDataUrl"]
                return {"ModelName": job}
            case "Transform":
                forest = LoadedForest(self._storage.read(self._models[asked["ModelName"]]))
                return transform(self._storage, asked, forest)
            case "RegisterModel":
                self._register(asked)
                return {}
            case other:
                raise Refused(f"steps of type {other} are not simulated")

    @staticmethod
    def _require(kind: str, asked: dict[str, Any], job: str) -> None:
        """The service takes only what fits its model."""
        operation, name = CREATES[kind]
        request = {**asked, name: job} if name else asked
        problems = list(misfits(request, service_model("sagemaker").operation_model(operation).input_shape))
        if problems:
            raise Refused("; ".join(problems))
