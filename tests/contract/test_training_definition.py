"""The SageMaker Pipeline's definition: what the SDK makes, what the template deploys, and what the jobs need agree."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from selfheal.detect.features import FEATURES
from selfheal.jobs.__main__ import parser
from tests.contract.transformed import ROOT, of_type, source
from training.template import DEFINITION, PROCESSING_IMAGE, REGIONS, TEMPLATE, with_definition

SDK = ROOT / ".venv-training/bin/python"
MADE = json.loads(DEFINITION.read_text())
PARAMETERS = {parameter["Name"]: parameter for parameter in MADE["Parameters"]}
GIVEN_AT_THE_START = {"Code", "Until"}
ORDER = ["PrepareData", "TrainForest", "Model", "ScoreSets", "Evaluate", "IsGoodEnough"]
CALLS = {
    "Processing": ("create_processing_job", {"ProcessingJobName": "x"}),
    "Training": ("create_training_job", {"TrainingJobName": "x"}),
    "Transform": ("create_transform_job", {"TransformJobName": "x"}),
    "Model": ("create_model", {"ModelName": "x"}),
    "RegisterModel": ("create_model_package", {}),
}


def steps(found: list[dict[str, Any]] = MADE["Steps"]) -> Iterator[dict[str, Any]]:
    for step in found:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from steps(step["Arguments"].get(branch, []))


def named(name: str) -> dict[str, Any]:
    return next(step for step in steps() if step["Name"] == name)


def gets(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from gets(item)
    elif isinstance(node, dict):
        yield from [node["Get"]] if set(node) == {"Get"} else gets(list(node.values()))


def sample(node: Any) -> Any:
    """The node with everything that is known only when it runs replaced by something of its type."""
    if isinstance(node, list):
        return [sample(item) for item in node]
    if not isinstance(node, dict):
        return "arn:aws:iam::111122223333:role/x" if node == "${TrainingRole.Arn}" else node
    if set(node) == {"Get"}:
        parameter = PARAMETERS.get(node["Get"].removeprefix("Parameters."), {})
        return 1 if parameter.get("Type") == "Integer" else "s3://bucket/key"
    return "x" if set(node) & {"Std:Join", "Std:JsonGet"} else {key: sample(v) for key, v in node.items()}


@pytest.mark.skipif(
    not (SDK.parent.parent / ".ready").exists(), reason="make training-definition installs it"
)
def test_the_definition_is_what_the_sdk_makes() -> None:
    asked = [str(SDK), "-W", "ignore", "-m", "training.write_definition"]
    path = {"PYTHONPATH": f"{ROOT / 'layers/core'}:{ROOT}"}
    made = subprocess.run(asked, capture_output=True, text=True, check=True, env=path, cwd=ROOT)
    assert json.loads(made.stdout) == MADE


def test_the_forest_is_given_its_channel_as_the_algorithm_takes_it() -> None:
    """SageMaker guide, "Random Cut Forest", input and output: of ``train`` nothing else is supported."""
    asked = named("TrainForest")["Arguments"]
    [channel] = asked["InputDataConfig"]
    assert channel["ContentType"] == "text/csv;label_size=0"
    assert channel["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "ShardedByS3Key"
    mode = asked["AlgorithmSpecification"]["TrainingInputMode"]
    assert {mode, channel.get("InputMode", mode)} == {"File"}


def test_the_template_deploys_the_definition() -> None:
    body, variables = source()["Resources"]["TrainingPipeline"]["Properties"]["PipelineDefinition"][
        "PipelineDefinitionBody"
    ]["Fn::Sub"]
    assert json.loads(body) == MADE
    used = set(re.findall(r"\$\{([^}]+)\}", body))
    known = {*variables, *source()["Parameters"], *source()["Resources"], "AWS::StackName"}
    assert {name.partition(".")[0] for name in used} <= known
    assert set(variables) <= used


def test_making_the_definition_again_changes_nothing() -> None:
    text = TEMPLATE.read_text()
    registries = source()["Mappings"]["ImageRegistries"]
    assert with_definition(text, DEFINITION.read_text(), registries) == text
    assert set(registries) == set(REGIONS)
    assert f"{PROCESSING_IMAGE[1]}-cpu-py3" in text


def test_every_parameter_is_used_and_every_one_that_is_used_is_there() -> None:
    used = {name.split(".")[1] for name in gets(MADE["Steps"]) if name.startswith("Parameters.")}
    assert used == set(PARAMETERS)
    assert {name for name, found in PARAMETERS.items() if "DefaultValue" not in found} == GIVEN_AT_THE_START


def test_a_step_reads_only_what_an_earlier_one_writes() -> None:
    assert [step["Name"] for step in MADE["Steps"]] == ORDER
    for place, step in enumerate(MADE["Steps"]):
        read = {name.split(".")[1] for name in gets(step["Arguments"]) if name.startswith("Steps.")}
        assert read <= set(ORDER[:place])
    for name in gets(MADE["Steps"]):
        if found := re.fullmatch(r"Steps\.(\w+)\.ProcessingOutputConfig\.Outputs\['(\w+)'\].*", name):
            outputs = named(found[1])["Arguments"]["ProcessingOutputConfig"]["Outputs"]
            assert found[2] in {output["OutputName"] for output in outputs}


@pytest.mark.parametrize("name", [step["Name"] for step in steps() if step["Type"] in CALLS])
def test_every_request_is_one_that_the_service_takes(name: str) -> None:
    step = named(name)
    operation, extra = CALLS[step["Type"]]
    model = botocore.session.get_session().get_service_model("sagemaker")
    called = "".join(word.capitalize() for word in operation.split("_"))
    shape = model.operation_model(called).input_shape
    assert shape is not None
    report = ParamValidator().validate(sample(step["Arguments"]) | extra, shape)
    assert not report.has_errors(), report.generate_report()


def test_nothing_that_sees_measurements_has_a_network() -> None:
    for step in steps():
        if step["Type"] == "Processing":
            assert step["Arguments"]["NetworkConfig"] == {"EnableNetworkIsolation": True}
        if step["Type"] in ("Training", "Model"):
            assert step["Arguments"]["EnableNetworkIsolation"] is True
    assert named("TrainForest")["Arguments"]["EnableInterContainerTrafficEncryption"] is True


def test_every_job_is_tried_again_and_has_an_end() -> None:
    for step in steps():
        if step["Type"] in ("Processing", "Training"):
            assert step["Arguments"]["StoppingCondition"]["MaxRuntimeInSeconds"] <= 6 * 3600
        if step["Type"] in CALLS:
            assert step["RetryPolicies"]


def test_the_algorithm_gets_parameters_that_it_takes() -> None:
    """Ranges from the algorithm's page in the SageMaker guide."""
    given = named("TrainForest")["Arguments"]["HyperParameters"]
    assert set(given) == {"feature_dim", "num_trees", "num_samples_per_tree"}
    assert given["feature_dim"] == str(len(FEATURES))
    assert 50 <= PARAMETERS["Trees"]["DefaultValue"] <= 1000
    assert 1 <= PARAMETERS["SamplesPerTree"]["DefaultValue"] <= 2048


@pytest.mark.parametrize("name", ["PrepareData", "Evaluate"])
def test_the_jobs_understand_how_they_are_called(name: str) -> None:
    called = named(name)["Arguments"]["AppSpecification"]
    assert called["ContainerEntrypoint"][1] == "/opt/ml/processing/input/code/training.pyz"
    values = {"Until": "2026-01-15T12:00:00Z", "MinSeconds": "10", "Budget": "5", "Days": "90"}
    arguments = [
        part if isinstance(part, str) else values[next(gets(part)).removeprefix("Parameters.")]
        for part in called["ContainerArguments"]
    ]
    assert parser().parse_args([called["ContainerEntrypoint"][2], *arguments])


def test_the_jobs_find_their_folders() -> None:
    code = "".join(path.read_text() for path in (ROOT / "layers/core/selfheal/jobs").glob("*.py"))
    for name in ("PrepareData", "Evaluate"):
        arguments = named(name)["Arguments"]
        places = [given["S3Input"]["LocalPath"] for given in arguments["ProcessingInputs"]]
        places += [made["S3Output"]["LocalPath"] for made in arguments["ProcessingOutputConfig"]["Outputs"]]
        for place in places:
            folder = place.rsplit("/", 1)[1]
            assert folder == "code" or f'"{folder}"' in code


def test_the_pipeline_and_its_packages_bear_the_names_that_rights_are_given_for() -> None:
    (group,) = of_type("AWS::SageMaker::ModelPackageGroup").values()
    assert group["ModelPackageGroupName"]["Fn::Sub"] == PARAMETERS["ModelPackageGroup"]["DefaultValue"]
    assert "${AWS::StackName}-forest" in json.dumps(of_type("AWS::IAM::Role")["TrainingRole"])


def test_the_training_role_hands_on_itself_alone_and_to_sagemaker_alone() -> None:
    (policy,) = of_type("AWS::IAM::Policy").values()
    assert policy["Roles"] == [{"Ref": "TrainingRole"}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": {"Fn::GetAtt": ["TrainingRole", "Arn"]},
        "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    }
