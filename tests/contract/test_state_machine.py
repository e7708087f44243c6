"""The definition of the healing state machine keeps its promises."""

import inspect
import json
from typing import Any

import pytest
from jsonata import Jsonata

from selfheal.domain import errors
from selfheal.domain.decision import Verdict
from selfheal.domain.experiment import Again
from selfheal.steps.alarm_check import SETTLING
from selfheal.wire import decode
from tests.contract.machine import machine, tasks
from tests.contract.transformed import of_type, source

UNSETTLED = errors.AlarmsUnsettled.__name__
UNFINISHED = errors.StageUnfinished.__name__
# What a state waits for: nothing is wrong, it has only not come to pass yet.
WAITED_FOR = {
    "RecordOutcome": [[UNSETTLED]],
    "RequestApproval": [[UNFINISHED]],
    "ExecuteAction": [[UNFINISHED]],
}
STATES_ERRORS = {"States.ALL", "States.Timeout"}
PERMANENT = {
    name
    for name, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, errors.PermanentError) and error is not errors.PermanentError
}
TASKS = sorted(tasks())
WHOLE_INPUT = "{% $states.input %}"


def from_input(**paths: str) -> dict[str, str]:
    return {key: f"{{% $states.input.{path} %}}" for key, path in paths.items()}


INCIDENT = from_input(incident_id="incident_id", pipeline="pipeline", kind="kind")
RUN = from_input(run_id="run_id")
PAYLOADS = {
    "DiagnoseFailure": INCIDENT | RUN,
    "SuggestRemedy": INCIDENT | from_input(diagnosis="diagnosis"),
    "DecideAction": INCIDENT | RUN | from_input(diagnosis="diagnosis", suggestion="suggestion"),
    "RequestApproval": RUN
    | from_input(
        incident_id="incident_id", remedy="decision.remedy", policy_version="decision.policy_version"
    )
    | {"task_token": "{% $states.context.Task.Token %}"},
    "ExecuteAction": RUN
    | from_input(
        incident_id="incident_id", remedy="decision.remedy", policy_version="decision.policy_version"
    )
    | {"undo": "{% $exists($states.input.examined) %}"},
    "ExamineOutcome": from_input(
        incident_id="incident_id",
        run_id="action.new_run_id",
        status="observed.status",
        remedy="action.remedy",
    ),
    "AwaitOutcome": from_input(incident_id="incident_id", run_id="action.new_run_id")
    | {"task_token": "{% $states.context.Task.Token %}"},
}


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
    first, *waiting, last = tasks()[name]["Retry"]
    assert set(first["ErrorEquals"]) - STATES_ERRORS == PERMANENT
    assert first["MaxAttempts"] == 0
    assert last["ErrorEquals"] == ["States.ALL"]
    assert last["MaxAttempts"] == 3
    assert last["JitterStrategy"] == "FULL"
    assert [rule["ErrorEquals"] for rule in waiting] == WAITED_FOR.get(name, [])


def test_alarms_are_asked_again_until_their_time_is_up() -> None:
    """The step itself ends the waiting; the state machine must not give up before."""
    (rule,) = (rule for rule in tasks()["RecordOutcome"]["Retry"] if rule["ErrorEquals"] == [UNSETTLED])
    assert rule["BackoffRate"] == 1
    assert rule["IntervalSeconds"] * rule["MaxAttempts"] > SETTLING.total_seconds()


@pytest.mark.parametrize("name", TASKS)
def test_every_error_name_is_a_real_one(name: str) -> None:
    for rule in [*tasks()[name]["Retry"], *tasks()[name]["Catch"]]:
        assert set(rule["ErrorEquals"]) <= PERMANENT | STATES_ERRORS | {UNSETTLED, UNFINISHED}


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"ExamineOutcome"}))
def test_every_error_leads_to_the_one_exit(name: str) -> None:
    last = tasks()[name]["Catch"][-1]
    assert last["ErrorEquals"] == ["States.ALL"]
    assert last["Next"] == ("Escalated" if name == "Escalate" else "Escalate")


def test_an_outcome_is_recorded_even_if_it_could_not_be_examined() -> None:
    (rule,) = tasks()["ExamineOutcome"]["Catch"]
    assert rule["ErrorEquals"] == ["States.ALL"]
    assert rule["Next"] == "RecordOutcome"
    expression = rule["Output"].removeprefix("{%").removesuffix("%}").replace("$states", "$")
    given = {"input": {"incident_id": "1"}, "errorOutput": {"Error": "Throttled", "Cause": "a log"}}
    data = Jsonata(expression.replace("$.input", "input").replace("$.errorOutput", "errorOutput")).evaluate(
        given
    )
    assert data == {"incident_id": "1", "examined": {"summary": "it could not be examined: Throttled"}}
    assert decode(Again, data["examined"]).fingerprint == ""


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"AwaitOutcome", "RequestApproval"}))
def test_a_task_outlives_its_function(name: str) -> None:
    assert timeout_of_function(name) < tasks()[name]["TimeoutSeconds"] <= timeout_of_function(name) + 30


def test_await_outcome_waits_for_its_token_and_turns_a_timeout_into_an_unknown_outcome() -> None:
    state = tasks()["AwaitOutcome"]
    assert state["Resource"].endswith(":lambda:invoke.waitForTaskToken")
    assert "States.Timeout" in state["Retry"][0]["ErrorEquals"]
    assert state["Catch"][0]["ErrorEquals"] == ["States.Timeout"]
    assert "'UNKNOWN'" in state["Catch"][0]["Output"]
    assert state["Catch"][0]["Next"] == "RecordOutcome"


@pytest.mark.parametrize("name", TASKS)
def test_a_step_gets_what_it_needs_and_no_more(name: str) -> None:
    payload = tasks()[name]["Arguments"]["Payload"]
    assert payload == PAYLOADS.get(name, WHOLE_INPUT)


def test_execute_action_sees_nothing_that_a_log_or_a_model_wrote() -> None:
    text = json.dumps(PAYLOADS["ExecuteAction"])
    assert "suggestion" not in text
    assert "diagnosis" not in text


def test_an_unanswered_question_is_no_error_and_waits_for_four_hours_at_most() -> None:
    state = tasks()["RequestApproval"]
    assert state["Resource"].endswith(":lambda:invoke.waitForTaskToken")
    assert state["Catch"][0]["ErrorEquals"] == ["States.Timeout"]
    assert "{'approval': {'status': 'expired'}}" in state["Catch"][0]["Output"]
    assert state["Catch"][0]["Next"] == "ChooseNext"
    assert "States.Timeout" in state["Retry"][0]["ErrorEquals"]
    assert source()["Parameters"]["ApprovalTimeoutSeconds"]["MaxValue"] <= 4 * 3600


def next_of(data: dict[str, Any]) -> str:
    """Where ChooseNext leads with that state data."""
    choice = machine()["States"]["ChooseNext"]
    for rule in choice["Choices"]:
        expression = rule["Condition"].removeprefix("{%").removesuffix("%}").replace("$states.input", "$")
        result = Jsonata(expression).evaluate(data)
        assert isinstance(result, bool), "Step Functions fails on anything but true and false"
        if result:
            return str(rule["Next"])
    return str(choice["Default"])


ANSWERS = [None, "approved", "rejected", "expired", "refused"]
ACTIONS = [None, "started", "done", "refused"]


def of_status(key: str, status: str | None) -> dict[str, Any]:
    return {} if status is None else {key: {"status": status}}


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_follows(verdict: Verdict, answer: str | None, action: str | None) -> None:
    """Nothing is done without a yes of policy or of a person, nothing is done or asked twice."""
    data = (
        {"decision": {"verdict": verdict.value}} | of_status("approval", answer) | of_status("action", action)
    )
    allowed = verdict is Verdict.ACT or answer == "approved"
    if verdict is Verdict.ASK and answer is None:
        expected = "RequestApproval"
    elif allowed and action is None:
        expected = "WaitBefore"
    else:
        expected = "AwaitOutcome" if action == "started" else "RecordOutcome"
    assert next_of(data) == expected


@pytest.mark.parametrize(
    ("worse", "undo", "expected"),
    [
        ("it failed in INSTALL already", "", "ExecuteAction"),
        ("it failed in INSTALL already", "it was taken back", "RecordOutcome"),
        ("", "", "RecordOutcome"),
        (None, "", "RecordOutcome"),
    ],
)
def test_what_made_things_worse_is_taken_back_once(worse: str | None, undo: str, expected: str) -> None:
    examined = {} if worse is None else {"worse": worse}
    data = {
        "decision": {"verdict": "act"},
        "action": {"status": "started", "undo": undo},
        "observed": {"status": "FAILED"},
        "examined": examined,
    }
    assert next_of(data) == expected


def test_an_action_is_reached_only_through_the_choice_and_the_wait() -> None:
    states = machine()["States"]
    entrances = [name for name, state in states.items() if state.get("Next") == "ExecuteAction"]
    assert entrances == ["WaitBefore"]
    assert [name for name, state in states.items() if state.get("Next") == "WaitBefore"] == []
    choices = [name for name, state in states.items() if state["Type"] == "Choice"]
    assert choices == ["ChooseNext"]


def test_the_wait_is_as_long_as_was_decided() -> None:
    wait = machine()["States"]["WaitBefore"]
    assert (wait["Type"], wait["Seconds"]) == ("Wait", "{% $states.input.decision.delay_seconds %}")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"incident_id": "1", "escalated": "subject"}, True),
        ({"Error": "Lambda.Unknown", "Cause": "escalate died"}, False),
    ],
)
def test_the_end_in_trouble_says_whether_a_person_was_told(data: dict[str, str], told: bool) -> None:
    """Escalate adds its key when it is done; when it fails itself, its error takes the place of the data."""
    escalate = tasks()["Escalate"]
    assert "'escalated': $states.result" in escalate["Output"]
    assert "Output" not in escalate["Catch"][0]
    cause = machine()["States"]["Escalated"]["Cause"]
    expression = cause.removeprefix("{%").removesuffix("%}").replace("$states.input", "$")
    assert ("A person was told" in str(Jsonata(expression).evaluate(data))) is told


@pytest.mark.parametrize(
    ("state", "key"),
    [
        ("DiagnoseFailure", "diagnosis"),
        ("SuggestRemedy", "suggestion"),
        ("DecideAction", "decision"),
        ("RequestApproval", "approval"),
        ("ExecuteAction", "action"),
        ("AwaitOutcome", "observed"),
        ("ExamineOutcome", "examined"),
        ("RecordOutcome", "outcome"),
        ("Notify", "notified"),
    ],
)
def test_the_state_data_grows_by_one_key(state: str, key: str) -> None:
    output: Any = tasks()[state]["Output"]
    assert output.startswith(f"{{% $merge([$states.input, {{'{key}': $states.result")
