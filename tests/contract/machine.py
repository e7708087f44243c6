"""The healing state machine's definition, as JSON."""

import json
import re
from functools import cache
from typing import Any

from tests.contract.transformed import ROOT, source

TEXT = (ROOT / "statemachines" / "heal.asl.json").read_text()


@cache
def machine() -> dict[str, Any]:
    """The definition with the two numbers that CloudFormation fills in (the file is JSON apart from them)."""
    text = TEXT
    for name in ("ApprovalTimeoutSeconds", "OutcomeTimeoutSeconds"):
        text = text.replace(f"${{{name}}}", str(source()["Parameters"][name]["Default"]))
    definition: dict[str, Any] = json.loads(text)
    return definition


def tasks() -> dict[str, dict[str, Any]]:
    """The Task states by name."""
    return {name: state for name, state in machine()["States"].items() if state["Type"] == "Task"}


def snake(pascal: str) -> str:
    """DiagnoseFailure -> diagnose_failure."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", pascal).lower()


def pascal(snake_name: str) -> str:
    """diagnose_failure -> DiagnoseFailure."""
    return "".join(word.capitalize() for word in snake_name.split("_"))
