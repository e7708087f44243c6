"""The definition of the healing state machine keeps its promises."""

import inspect
import json
from typing import Any

import pytest

from selfheal.domain import errors
from tests.contract.machine import machine, tasks
from tests.contract.transformed import of_type

STATES_ERRORS = {"States.ALL", "States.Timeout"}
PERMANENT = {
    name
    for name, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, errors.PermanentError) and error is not errors.PermanentError
}
TASKS = sorted(tasks())


def timeout_of_function(state: str) -> int:
    timeout: int = of_type("AWS::Lambda::Function")[f"{state}Function"]["Timeout"]
    return timeout


def reachable(start: str) -> set[str]:
    states, seen, todo = machine()["States"], set[str](), [start]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        state = states[name]
        branches = [*state.get("Choices", []), *state.get("Catch", [])]
        todo += [step["Next"] for step in [state, *branches] if "Next" in step]
        todo += [state["Default"]] if "Default" in state else []
    return seen


def test_it_is_standard_jsonata_of_at_most_twelve_working_states() -> None:
    assert machine()["QueryLanguage"] == "JSONata"
    assert of_type("AWS::StepFunctions::StateMachine")["HealStateMachine"]["StateMachineType"] == "STANDARD"
    assert len([state for state in machine()["States"].values() if state["Type"] != "Fail"]) <= 12


def test_every_state_is_reachable_and_every_next_exists() -> None:
    assert reachable(machine()["StartAt"]) == set(machine()["States"])


@pytest.mark.parametrize("name", TASKS)
def test_permanent_errors_are_not_retried_and_all_others_are(name: str) -> None:
    first, second = tasks()[name]["Retry"]
    assert set(first["ErrorEquals"]) - STATES_ERRORS == PERMANENT
    assert first["MaxAttempts"] == 0
    assert second["ErrorEquals"] == ["States.ALL"]
    assert second["MaxAttempts"] == 3
    assert second["JitterStrategy"] == "FULL"


@pytest.mark.parametrize("name", TASKS)
def test_every_error_name_is_a_real_one(name: str) -> None:
    for rule in [*tasks()[name]["Retry"], *tasks()[name]["Catch"]]:
        assert set(rule["ErrorEquals"]) <= PERMANENT | STATES_ERRORS


@pytest.mark.parametrize("name", TASKS)
def test_every_error_leads_to_the_one_exit(name: str) -> None:
    last = tasks()[name]["Catch"][-1]
    assert last["ErrorEquals"] == ["States.ALL"]
    assert last["Next"] == ("Escalated" if name == "Escalate" else "Escalate")


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"AwaitOutcome"}))
def test_a_task_outlives_its_function(name: str) -> None:
    assert timeout_of_function(name) < tasks()[name]["TimeoutSeconds"] <= timeout_of_function(name) + 30


def test_await_outcome_waits_for_its_token_and_turns_a_timeout_into_an_unknown_outcome() -> None:
    state = tasks()["AwaitOutcome"]
    assert state["Resource"].endswith(":lambda:invoke.waitForTaskToken")
    assert state["Arguments"]["Payload"]["task_token"] == "{% $states.context.Task.Token %}"
    assert "States.Timeout" in state["Retry"][0]["ErrorEquals"]
    assert state["Catch"][0]["ErrorEquals"] == ["States.Timeout"]
    assert "'UNKNOWN'" in state["Catch"][0]["Output"]
    assert state["Catch"][0]["Next"] == "RecordOutcome"


def test_execute_action_sees_ids_and_nothing_that_a_log_or_a_model_wrote() -> None:
    payload = tasks()["ExecuteAction"]["Arguments"]["Payload"]
    assert set(payload) == {"incident_id", "run_id", "remedy", "policy_version"}
    text = json.dumps(payload)
    assert "suggestion" not in text
    assert "diagnosis" not in text
    assert "{% $states.input %}" not in text


def test_only_the_verdict_act_leads_to_an_action() -> None:
    choice = machine()["States"]["ChooseDecision"]
    assert choice["Choices"] == [
        {"Condition": "{% $states.input.decision.verdict = 'act' %}", "Next": "WaitBefore"}
    ]
    assert choice["Default"] == "RecordOutcome"
    entrances = [name for name, state in machine()["States"].items() if state.get("Next") == "ExecuteAction"]
    assert entrances == ["WaitBefore"]


@pytest.mark.parametrize(
    ("state", "key"),
    [
        ("DiagnoseFailure", "diagnosis"),
        ("SuggestRemedy", "suggestion"),
        ("DecideAction", "decision"),
        ("ExecuteAction", "action"),
        ("AwaitOutcome", "observed"),
        ("RecordOutcome", "outcome"),
        ("Notify", "notified"),
    ],
)
def test_the_state_data_grows_by_one_key(state: str, key: str) -> None:
    output: Any = tasks()[state]["Output"]
    assert output.startswith(f"{{% $merge([$states.input, {{'{key}': $states.result")
