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


@cache
def stack() -> dict[str, Any]:
    """The transformed template. Local paths become S3 addresses first, as `sam deploy` does."""
    template = json.loads(json.dumps(source()))
    for resource in template["Resources"].values():
        for local in ("CodeUri", "ContentUri", "DefinitionUri"):
            if local in resource.get("Properties", {}):
                resource["Properties"][local] = "s3://bucket/key"
    translator = Translator(MANAGED_POLICIES, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    transformed: dict[str, Any] = on_aws(translator.translate(template, {}))
    return transformed


def on_aws(value: Any) -> Any:
    """The same with every choice between AWS and the local cloud made for AWS, and with SageMaker."""
    if isinstance(value, list):
        return [on_aws(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value and value["Fn::If"][0] in ("OnAws", "UsesSageMaker"):
        return on_aws(value["Fn::If"][1])
    return {key: on_aws(item) for key, item in value.items()}


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
    print(json.dumps(stack(), indent=2))
