"""Runs the definition of the heal machine in this process: its real conditions, payloads, retriers and catchers.

Time passes at once. What a state calls and what it waits for is given by whoever runs it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from jsonata import Jsonata

from tests.contract.machine import machine, snake

Json = dict[str, Any]
MOST_STATES = 40


class TimedOut(Exception):
    """The state's time was over."""

    name = "States.Timeout"


@dataclass
class HealMachine:
    """``call`` runs a function with a payload; ``wait`` gives what a task token was answered with, None for nothing."""

    call: Callable[[str, Json], Any]
    wait: Callable[[str, str], Json | None]
    visited: list[str] = field(default_factory=list)
    tokens: Any = field(default_factory=lambda: count(1))

    def run(self, data: Json) -> Json:
        """From the first state to an end; gives the state data then. ``visited`` are all states on the way."""
        name = machine()["StartAt"]
        while name:
            assert len(self.visited) < MOST_STATES, f"it goes round in circles: {self.visited}"
            self.visited.append(name)
            state = machine()["States"][name]
            data, name = getattr(self, f"_{state['Type'].lower()}")(name, state, data)
        return data

    @property
    def failed(self) -> bool:
        """Whether it ended in trouble."""
        return self.visited[-1] == "Escalated"

    def _choice(self, name: str, state: Json, data: Json) -> tuple[Json, str]:
        for rule in state["Choices"]:
            if evaluated(rule["Condition"], input=data) is True:
                return data, rule["Next"]
        return data, state["Default"]

    def _wait(self, name: str, state: Json, data: Json) -> tuple[Json, str]:
        return data, state["Next"]

    def _fail(self, name: str, state: Json, data: Json) -> tuple[Json, str]:
        return data | {"end": evaluated(state["Cause"], input=data)}, ""

    def _task(self, name: str, state: Json, data: Json) -> tuple[Json, str]:
        tried: Counter[int] = Counter()
        while True:
            try:
                result = self._attempt(name, state, data)
                return evaluated(state["Output"], input=data, result=result), state.get("Next", "")
            except Exception as error:  # noqa: BLE001 - Step Functions does not care either
                kind = getattr(error, "name", type(error).__name__)
                number, rule = matching(state["Retry"], kind)
                if tried[number] >= rule["MaxAttempts"]:
                    return self._caught(name, state, data, kind, str(error))
                tried[number] += 1

    def _attempt(self, name: str, state: Json, data: Json) -> Json:
        token = f"token-{next(self.tokens)}"
        context = {"Task": {"Token": token}, "State": {"Name": name}}
        payload = evaluated(state["Arguments"]["Payload"], input=data, context=context)
        reply = self.call(snake(name), payload)
        if not state["Resource"].endswith("waitForTaskToken"):
            return {"Payload": reply}
        answer = self.wait(name, token)
        if answer is None:
            raise TimedOut(f"{name} waited in vain")
        return answer

    def _caught(self, name: str, state: Json, data: Json, kind: str, cause: str) -> tuple[Json, str]:
        _, rule = matching(state["Catch"], kind)
        output = {"Error": kind, "Cause": cause}
        if "Output" not in rule:
            return output, rule["Next"]
        context = {"State": {"Name": name}}
        return evaluated(rule["Output"], input=data, errorOutput=output, context=context), rule["Next"]


def matching(rules: list[Json], kind: str) -> tuple[int, Json]:
    """The first retrier or catcher that speaks of this error."""
    return next(
        (number, rule) for number, rule in enumerate(rules) if {kind, "States.ALL"} & set(rule["ErrorEquals"])
    )


def evaluated(template: Any, **states: Mapping[str, Any]) -> Any:
    """A template with its JSONata evaluated, as Step Functions does it."""
    if isinstance(template, dict):
        return {key: evaluated(value, **states) for key, value in template.items()}
    if not isinstance(template, str) or not template.startswith("{%"):
        return template
    expression = template.removeprefix("{%").removesuffix("%}").replace("$states.", "$$.")
    return Jsonata(expression).evaluate(dict(states))
