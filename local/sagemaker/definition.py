"""A pipeline's definition with its references followed, as the service does when it works through it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_OUTPUT = re.compile(r"Steps\.(\w+)\.ProcessingOutputConfig\.Outputs\['(\w+)'\]\.S3Output\.S3Uri")


@dataclass(slots=True)
class Run:
    """What is known while an execution is worked through: parameters, and of each step what it left."""

    execution: Mapping[str, str]
    parameters: dict[str, Any]
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)

    def followed(self, node: Any) -> Any:
        """The node with every reference replaced by what it refers to. Raises KeyError for one that leads nowhere."""
        if isinstance(node, list):
            return [self.followed(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "Get" in node:
            return self._got(node["Get"])
        if "Std:Join" in node:
            parts = self.followed(node["Std:Join"]["Values"])
            return node["Std:Join"]["On"].join(str(part) for part in parts)
        if "Std:JsonGet" in node:
            name = node["Std:JsonGet"]["PropertyFile"]["Get"].rsplit(".", 1)[1]
            return self.files[name][node["Std:JsonGet"]["Path"]]
        return {key: self.followed(value) for key, value in node.items()}

    def _got(self, path: str) -> Any:
        kind, _, rest = path.partition(".")
        if kind == "Parameters":
            return self.parameters[rest]
        if kind == "Execution":
            return self.execution[rest]
        if output := _OUTPUT.fullmatch(path):
            return self.steps[output[1]]["outputs"][output[2]]
        step, _, member = rest.partition(".")
        return self.steps[step][member]


def parameters_of(definition: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of an execution: what was given, else the default. Raises KeyError for one without either."""
    found = {}
    for parameter in definition["Parameters"]:
        name = parameter["Name"]
        value = given[name] if name in given else parameter["DefaultValue"]
        found[name] = int(value) if parameter["Type"] == "Integer" else value
    return found


def deployed(text: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """The committed definition as CloudFormation deploys it. Raises KeyError for a variable that nobody gives."""
    made: dict[str, Any] = json.loads(re.sub(r"\$\{([^}]+)\}", lambda match: variables[match[1]], text))
    return made


def holds(condition: Mapping[str, Any], run: Run) -> bool:
    """Whether a condition of the one kind that the pipeline uses holds."""
    if condition["Type"] != "GreaterThanOrEqualTo":
        raise KeyError(condition["Type"])
    return bool(run.followed(condition["LeftValue"]) >= run.followed(condition["RightValue"]))
