"""The stack as CloudFormation sees it: template.yaml after the SAM transform, done offline.

``python tests/contract/transformed.py`` prints it as JSON, for the checkers that do not know SAM.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parents[2]
MANAGED_POLICIES = {
    "AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    "AWSXrayWriteOnlyAccess": "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess",
}


@cache
def source() -> dict[str, Any]:
    """template.yaml as it stands, intrinsic functions in their long form."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


# The most that a stack can have: on AWS, with SageMaker.
EVERYTHING = frozenset({"OnAws", "UsesSageMaker"})


@cache
def stack(chosen: frozenset[str] = EVERYTHING) -> dict[str, Any]:
    """The transformed template with these conditions met; local paths are S3 addresses, as after `sam deploy`."""
    template = json.loads(json.dumps(source()))
    for resource in template["Resources"].values():
        for local in ("CodeUri", "ContentUri", "DefinitionUri"):
            if local in resource.get("Properties", {}):
                resource["Properties"][local] = "s3://bucket/key"
    translator = Translator(MANAGED_POLICIES, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    transformed: dict[str, Any] = met(translator.translate(template, {}), chosen)
    return transformed


def met(value: Any, chosen: frozenset[str]) -> Any:
    """The same with every choice made that hangs on one of these conditions alone."""
    if isinstance(value, list):
        return [met(item, chosen) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value and value["Fn::If"][0] in chosen:
        return met(value["Fn::If"][1], chosen)
    return {key: met(item, chosen) for key, item in value.items()}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a CloudFormation type, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in stack()["Resources"].items()
        if resource["Type"] == kind
    }


def statements(role: str) -> Iterator[dict[str, Any]]:
    """The statements of a role's inline policies, those behind a condition included."""
    for policy in of_type("AWS::IAM::Role")[role].get("Policies", []):
        document = policy["Fn::If"][1] if "Fn::If" in policy else policy
        yield from document["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    """IAM writes a list of one as the one."""
    return value if isinstance(value, list) else [value]


def allowed(role: str) -> set[str]:
    """All actions that a role's inline policies allow."""
    return {
        action
        for statement in statements(role)
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }


if __name__ == "__main__":
    print(json.dumps(stack(frozenset({"OnAws"})), indent=2))
