"""Sample events: each is matched by exactly the rule that is meant for it, and names a run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from selfheal.domain.run import PipelineKey
from selfheal.wire import run_ref, watch_hint
from tests.contract.transformed import stack

ROOT = Path(__file__).parents[2]
ACCOUNT = "111122223333"
SUBSTITUTES = {
    "EventSourcePrefix": "aws",
    "AWS::StackName": "selfheal",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": ACCOUNT,
}

RULES = {
    "codebuild_build_failed": "CodeBuildRule",
    "codebuild_build_succeeded": "CodeBuildRule",
    "codepipeline_stage_failed": "CodePipelineRule",
    "codepipeline_action_failed": "CodePipelineRule",
    "codedeploy_deployment_failed": "CodeDeployRule",
    "cloudwatch_alarm": "AlarmRule",
    "score_run": "RunMeasuredRule",
    "promote_model": "ForestPackageRule",
    "forest_endpoint": "ForestEndpointRule",
    "training_failed": "TrainingFailedRule",
    "incident_opened": "IncidentOpenedRule",
    "resume_healing": "WaitOverRule",
    "approval_answered": "WaitOverRule",
}


def sample(name: str) -> Any:
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def resolve(value: Any) -> Any:
    """A pattern with its intrinsic functions resolved as in an ordinary account."""
    if isinstance(value, list):
        return [resolve(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::AccountId"}:
        return ACCOUNT
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:]+)\}", lambda match: SUBSTITUTES[match[1]], value["Fn::Sub"])
    return {key: resolve(item) for key, item in value.items()}


def matching_rules(event: Any) -> list[str]:
    rules = {
        name: resource["Properties"]["EventPattern"]
        for name, resource in stack()["Resources"].items()
        if resource["Type"] == "AWS::Events::Rule" and "EventPattern" in resource["Properties"]
    }
    return [
        name
        for name, pattern in rules.items()
        if EventPattern.load(json.dumps(resolve(pattern))).matches_event(event)
    ]


@pytest.mark.parametrize(("name", "rule"), RULES.items())
def test_an_event_is_matched_by_its_rule_alone(name: str, rule: str) -> None:
    assert matching_rules(sample(name)) == [rule]


@pytest.mark.parametrize(
    "change",
    [
        {"account": "999988887777"},
        {"source": "sim.codebuild"},
        {"source": "com.example.codebuild"},
        {"detail-type": "CodeBuild Build Phase Change"},
        {"detail": {"build-status": "IN_PROGRESS"}},
    ],
)
def test_an_event_of_another_account_source_or_kind_is_matched_by_none(change: dict[str, Any]) -> None:
    assert matching_rules({**sample("codebuild_build_failed"), **change}) == []


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "FAULT", "STOPPED", "TIMED_OUT"])
def test_a_build_is_taken_in_however_it_ended(status: str) -> None:
    event = {**sample("codebuild_build_failed"), "detail": {"build-status": status}}
    assert matching_rules(event) == ["CodeBuildRule"]


@pytest.mark.parametrize("name", ["codepipeline_stage_failed", "codepipeline_action_failed"])
@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "CANCELED", "STOPPED", "ABANDONED"])
def test_a_stage_or_action_is_taken_in_however_it_ended(name: str, state: str) -> None:
    assert matching_rules({**sample(name), "detail": {"state": state}}) == ["CodePipelineRule"]


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE", "STOP"])
def test_a_deployment_is_taken_in_however_it_ended(state: str) -> None:
    event = {**sample("codedeploy_deployment_failed"), "detail": {"state": state}}
    assert matching_rules(event) == ["CodeDeployRule"]


def test_an_alarm_matters_when_it_goes_off_and_not_when_it_is_quiet_again() -> None:
    for state in ("OK", "INSUFFICIENT_DATA"):
        event = {**sample("cloudwatch_alarm"), "detail": {"alarmName": "a", "state": {"value": state}}}
        assert matching_rules(event) == []


@pytest.mark.parametrize(
    ("detail", "rules"),
    [
        ({}, ["RunMeasuredRule", "DeploymentMeasuredRule"]),
        ({"pipeline": "codepipeline:shop/Deploy"}, ["RunMeasuredRule", "DeploymentMeasuredRule"]),
        ({"status": "FAILED"}, ["RunMeasuredRule"]),
        ({"pipeline": "codebuild:shop"}, ["RunMeasuredRule"]),
    ],
)
def test_a_deployment_that_succeeded_is_scored_and_watched(detail: dict[str, str], rules: list[str]) -> None:
    event = sample("watch_deployment")
    assert matching_rules({**event, "detail": {**event["detail"], **detail}}) == rules


def test_an_event_says_where_to_look() -> None:
    assert watch_hint(sample("cloudwatch_alarm")) == "shop-prod-5xx"
    assert watch_hint(sample("watch_deployment")) == PipelineKey.parse("codedeploy:shop/prod")


def test_every_rule_has_a_sample() -> None:
    rules = {
        name for name, resource in stack()["Resources"].items() if resource["Type"] == "AWS::Events::Rule"
    }
    assert rules == {*RULES.values(), *matching_rules(sample("watch_deployment"))}


@pytest.mark.parametrize(
    ("name", "pipeline"),
    [
        ("codebuild_build_failed", "codebuild:shop-api"),
        ("codebuild_build_succeeded", "codebuild:shop-api"),
        ("codepipeline_stage_failed", "codepipeline:shop/Deploy"),
        ("codedeploy_deployment_failed", "codedeploy:shop/prod"),
    ],
)
def test_an_event_names_its_run(name: str, pipeline: str) -> None:
    ref = run_ref(sample(name))
    assert ref is not None and ref.key == PipelineKey.parse(pipeline)


def test_an_action_is_no_run_of_its_own() -> None:
    assert run_ref(sample("codepipeline_action_failed")) is None


def test_no_sample_holds_anything_real() -> None:
    for path in (ROOT / "events").glob("*.json"):
        text = path.read_text()
        assert not [n for n in re.findall(r"\b\d{12}\b", text) if n != ACCOUNT], path.name
