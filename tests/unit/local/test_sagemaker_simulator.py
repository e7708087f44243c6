"""What the SageMaker simulator makes of a definition and of the algorithm's formats, at its edges."""

import json
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from local.sagemaker.definition import Run, deployed, holds, parameters_of
from local.sagemaker.errors import Refused
from local.sagemaker.forest import LoadedForest, trained
from local.sagemaker.jobs import Storage
from local.sagemaker.pipelines import Executor

GIVEN = {"feature_dim": "2", "num_trees": "50", "num_samples_per_tree": "16"}


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("".join(f"{n % 5},{n % 3}\n" for n in range(200)))
    return tmp_path


def test_a_forest_answers_in_every_documented_format(channel: Path) -> None:
    forest = LoadedForest(trained(channel, GIVEN))
    as_json = json.loads(forest.answer(b"1,1\n90,90", "text/csv", "application/json"))
    near, far = (each["score"] for each in as_json["scores"])
    assert near < far
    wrapped = b'{"instances": [{"data": {"features": {"values": [1, 1]}}}, {"features": [90, 90]}]}'
    assert json.loads(forest.answer(wrapped, "application/json", "application/json")) == as_json
    lines = forest.answer(b"1,1\n90,90", "text/csv", "application/jsonlines").decode().splitlines()
    assert [json.loads(line)["score"] for line in lines] == [near, far]


@pytest.mark.parametrize(
    ("body", "kind", "accept"),
    [
        (b"1,2,3", "text/csv", "application/json"),
        (b"a,b", "text/csv", "application/json"),
        (b"{}", "application/json", "application/json"),
        (b"1,2", "text/csv", "image/png"),
    ],
)
def test_what_it_cannot_read_or_say_is_refused(channel: Path, body: bytes, kind: str, accept: str) -> None:
    with pytest.raises(Refused):
        LoadedForest(trained(channel, GIVEN)).answer(body, kind, accept)


@pytest.mark.parametrize(
    "changes", [{"num_trees": "30"}, {"num_samples_per_tree": "4096"}, {"feature_dim": "3"}, {"trees": "1"}]
)
def test_what_the_algorithm_would_not_take_is_refused(channel: Path, changes: dict[str, str]) -> None:
    with pytest.raises(Refused):
        trained(channel, GIVEN | changes)


def run(**steps: Any) -> Run:
    return Run({"PipelineExecutionId": "x1"}, {"Days": 90}, steps, {"Evaluation": {"gain": -0.1}})


def test_references_are_followed() -> None:
    found = run(Train={"Artifacts.Uri": "s3://a"}, Prepare={"outputs": {"rows": "s3://rows"}})
    assert found.followed({"Get": "Steps.Train.Artifacts.Uri"}) == "s3://a"
    prepared = "Steps.Prepare.ProcessingOutputConfig.Outputs['rows'].S3Output.S3Uri"
    joined = {
        "Std:Join": {"On": "/", "Values": [{"Get": prepared}, {"Get": "Execution.PipelineExecutionId"}]}
    }
    assert found.followed([joined, {"Get": "Parameters.Days"}]) == ["s3://rows/x1", 90]
    with pytest.raises(KeyError):
        found.followed({"Get": "Steps.Absent.X"})


def test_a_forest_that_gains_nothing_is_not_good_enough() -> None:
    path = {"Std:JsonGet": {"Path": "gain", "PropertyFile": {"Get": "Steps.E.PropertyFiles.Evaluation"}}}
    condition = {"Type": "GreaterThanOrEqualTo", "LeftValue": path, "RightValue": 0}
    assert holds(condition, run()) is False
    assert holds({**condition, "RightValue": -1}, run()) is True
    with pytest.raises(KeyError):
        holds({**condition, "Type": "Equals"}, run())


def test_a_step_has_succeeded_when_it_is_over_and_not_before() -> None:
    begun, seen = Event(), list[tuple[str, str]]()

    def register(asked: dict[str, Any]) -> None:
        assert begun.wait(240)
        seen.extend((step["StepStatus"], execution.status) for step in execution.steps)

    step = {"Name": "Forest", "Type": "RegisterModel", "Arguments": {"ModelPackageGroupName": "forests"}}
    executor = Executor("p", {"Parameters": [], "Steps": [step]}, Storage(None), register)
    execution = executor.start({}, "token")
    begun.set()
    assert execution.wait().failure == ""
    assert executor.start({}, "token") is execution
    assert seen == [("Executing", "Executing")]
    assert [each["StepStatus"] for each in execution.steps] == ["Succeeded"]


def test_a_parameter_is_given_or_has_a_default() -> None:
    definition = {
        "Parameters": [
            {"Name": "A", "Type": "String"},
            {"Name": "B", "Type": "Integer", "DefaultValue": 3},
        ]
    }
    assert parameters_of(definition, {"A": "x", "B": "4"}) == {"A": "x", "B": 4}
    with pytest.raises(KeyError):
        parameters_of(definition, {})
    assert deployed('{"a": "${X.Y}"}', {"X.Y": "z"}) == {"a": "z"}
