"""Automation documents of Systems Manager: reading them, and running their scripts for real."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.devtools.variables import host_variables
from local.devtools.wire import Json

SCRIPT_ACTION, SCHEMA = "aws:executeScript", "0.3"
STEP_SECONDS = 600
REFERENCE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
# What Systems Manager does with a script: import it, call its handler, take what it gives as the step's payload.
RUNNER = """
import json, runpy, sys
order = json.load(sys.stdin)
given = runpy.run_path(order["script"])[order["handler"]](order["events"], {})
print("\\n\\x1e" + json.dumps(given))
"""


class RunbookError(ValueError):
    """The document or its parameters cannot be used; the message names the key and what is expected."""


@dataclass(frozen=True)
class Step:
    """One step: the handler of a Python script and what it is called with."""

    name: str
    handler: str
    script: str
    payload: Json


@dataclass(frozen=True)
class Runbook:
    """An automation document: its steps, and its parameters with their defaults (None: must be given)."""

    name: str
    version: str
    steps: tuple[Step, ...]
    parameters: dict[str, str | None]

    def values(self, given: dict[str, list[str]]) -> dict[str, str]:
        """The parameters of one execution; raises RunbookError."""
        if unknown := sorted(given.keys() - self.parameters.keys()):
            raise RunbookError(f"parameters: {unknown[0]} is none of {', '.join(sorted(self.parameters))}")
        values = {
            name: given[name][0] if given.get(name) else default for name, default in self.parameters.items()
        }
        if missing := sorted(name for name, value in values.items() if value is None):
            raise RunbookError(f"parameters: {missing[0]} has no default and must be given")
        return {name: value for name, value in values.items() if value is not None}


def parse_runbook(name: str, content: str) -> Runbook:
    """An automation document of schema 0.3 in YAML or JSON, whose steps are Python scripts; raises RunbookError."""
    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise RunbookError(f"not valid YAML: {error}") from error
    if not isinstance(document, dict) or str(document.get("schemaVersion")) != SCHEMA:
        raise RunbookError(f"schemaVersion: an automation document has {SCHEMA!r}")
    steps = tuple(_step(step) for step in document.get("mainSteps") or [])
    if not steps:
        raise RunbookError("mainSteps: expected a list of steps")
    parameters = {key: value.get("default") for key, value in (document.get("parameters") or {}).items()}
    return Runbook(name, "1", steps, parameters)


def run_step(step: Step, values: dict[str, str], directory: Path) -> Json:
    """Run a step's script in a process of its own; gives what it returned. Raises RunbookError with its last words."""
    for name in ("home", "tmp"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    script = directory / "script.py"
    script.write_text(step.script)
    events = {key: _filled(value, values) for key, value in step.payload.items()}
    order = {"script": str(script), "handler": step.handler, "events": events}
    try:
        done = subprocess.run(  # noqa: S603 - running the document's script is what this is for
            [sys.executable, "-c", RUNNER],
            input=json.dumps(order),
            cwd=directory,
            env=host_variables(directory),
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RunbookError(f"step {step.name} did not end within {STEP_SECONDS} s") from error
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise RunbookError(f"Step {step.name} failed: {last[0]}")
    return {"Payload": json.loads(done.stdout.rpartition("\x1e")[2])}


def _step(step: Any) -> Step:
    if not isinstance(step, dict) or step.get("action") != SCRIPT_ACTION:
        raise RunbookError(f"mainSteps: the simulator offers steps with the action {SCRIPT_ACTION}")
    inputs = step.get("inputs") or {}
    if not str(inputs.get("Runtime", "")).startswith("python3"):
        raise RunbookError(f"mainSteps.{step.get('name')}.inputs.Runtime: the simulator offers python3")
    for member in ("Handler", "Script"):
        if not isinstance(inputs.get(member), str):
            raise RunbookError(f"mainSteps.{step.get('name')}.inputs.{member}: expected text")
    payload = inputs.get("InputPayload") or {}
    return Step(str(step.get("name")), inputs["Handler"], inputs["Script"], payload)


def _filled(value: Any, values: dict[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    return REFERENCE.sub(lambda found: values.get(found[1], found[0]), value)
