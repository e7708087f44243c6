"""State, folder, module, resource and test share one word."""

import re
from pathlib import Path

import pytest

from tests.contract.machine import TEXT, pascal, snake, tasks
from tests.contract.transformed import ROOT, of_type, source

FOLDERS = sorted(
    path.name for path in (ROOT / "functions").iterdir() if path.is_dir() and path.name[0] != "_"
)
OUTSIDE_THE_MACHINE = {
    "ingest_run",
    "score_run",
    "watch_deployment",
    "answer_approval",
    "resume_healing",
    "reconcile_runs",
    "train_baselines",
    "promote_model",
}


def test_every_task_has_a_folder_and_every_folder_is_a_task_or_stands_outside() -> None:
    assert {snake(name) for name in tasks()} == set(FOLDERS) - OUTSIDE_THE_MACHINE


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_holds_its_handler_and_nothing_else(folder: str) -> None:
    found = [path.name for path in (ROOT / "functions" / folder).iterdir() if path.name != "__pycache__"]
    assert found == ["app.py"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_handler_calls_the_step_of_its_name(folder: str) -> None:
    handler = (ROOT / "functions" / folder / "app.py").read_text()
    assert re.findall(r"^from selfheal\.steps\.(?!state)(\w+) import", handler, re.MULTILINE) == [folder]
    assert (ROOT / "layers" / "core" / "selfheal" / "steps" / f"{folder}.py").exists()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_a_resource_that_points_at_it(folder: str) -> None:
    function = source()["Resources"][f"{pascal(folder)}Function"]
    assert function["Properties"]["CodeUri"] == f"functions/{folder}"
    assert function["Metadata"] == {"SkipBuild": True}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_is_named_after_its_folder(folder: str) -> None:
    properties = of_type("AWS::Lambda::Function")[f"{pascal(folder)}Function"]
    name = {"Fn::Sub": "${AWS::StackName}-" + folder.replace("_", "-")}
    assert properties["FunctionName"] == name
    assert properties["Handler"] == "app.handler"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_step_has_a_unit_test_of_its_name(folder: str) -> None:
    assert list((ROOT / "tests" / "unit").rglob(f"test_{folder}.py"))


def test_the_template_has_no_function_beside_the_folders() -> None:
    assert {snake(name.removesuffix("Function")) for name in of_type("AWS::Lambda::Function")} == set(FOLDERS)


def test_a_task_calls_the_function_of_its_name() -> None:
    for name, state in tasks().items():
        assert state["Arguments"]["FunctionName"] == f"${{{name}FunctionArn}}"


def test_substitutions_are_exactly_those_that_the_definition_uses() -> None:
    given = source()["Resources"]["HealStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(given)
    for name, value in given.items():
        if name.endswith("FunctionArn"):
            assert value == {"Fn::GetAtt": [name.removesuffix("Arn"), "Arn"]}


def test_every_function_has_an_output_of_its_name() -> None:
    outputs = source()["Outputs"]
    for folder in FOLDERS:
        assert outputs[f"{pascal(folder)}FunctionName"]["Value"] == {"Ref": f"{pascal(folder)}Function"}


def test_test_files_have_unique_names() -> None:
    stems = [path.stem for path in Path(ROOT / "tests").rglob("test_*.py")]
    assert sorted(stems) == sorted(set(stems))
