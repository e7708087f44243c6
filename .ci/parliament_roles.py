"""Checks the policies of all roles in a transformed template: python .ci/parliament_roles.py FILE."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from parliament import analyze_policy_string

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "111122223333",
    "AWS::StackName": "selfheal",
    "ModelId": "global.example-model",
    "FallbackModelId": "global.example-fallback",
    "GuardrailId": "exampleguard",
    "BuildLogGroups": "/aws/codebuild/*",
    "BuildLogBucket": "example-build-logs",
    "RunbookPrefix": "Example-",
    "RunbookRoleArn": "arn:aws:iam::111122223333:role/example-runbooks",
}
PLACE = "us-east-1:111122223333"
ARNS = {
    "AWS::SQS::Queue": f"arn:aws:sqs:{PLACE}:",
    "AWS::S3::Bucket": "arn:aws:s3:::",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{PLACE}:table/",
    "AWS::Events::EventBus": f"arn:aws:events:{PLACE}:event-bus/",
    "AWS::Lambda::Function": f"arn:aws:lambda:{PLACE}:function:",
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{PLACE}:alarm:",
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/",
    "AWS::SNS::Topic": f"arn:aws:sns:{PLACE}:",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{PLACE}:stateMachine:",
}
# Findings that are not ours to mend, by issue and a word of the detail.
ACCEPTED = {
    (
        "NO_VERSION",
        "",
    ): "SAM writes these policies and leaves out the version",
    (
        "RESOURCE_MISMATCH",
        "bedrock:InvokeModel",
    ): "it asks for every kind of resource at once",
    (
        "RESOURCE_STAR",
        "cloudwatch:DescribeAlarms",
    ): "composite alarms are described to those alone who may describe all",
}


def resolved(node: Any, resources: dict[str, Any]) -> Any:
    """The node with intrinsic functions replaced by sample values."""
    if isinstance(node, list):
        return [resolved(item, resources) for item in node if item != {"Ref": "AWS::NoValue"}]
    if not isinstance(node, dict):
        return node
    if "Fn::Sub" in node:
        return re.sub(r"\$\{([^}]+)\}", lambda match: named(match[1], resources), node["Fn::Sub"])
    if "Ref" in node:
        return named(node["Ref"], resources)
    if "Fn::GetAtt" in node:
        return named(node["Fn::GetAtt"][0], resources)
    if "Fn::If" in node:
        return resolved(node["Fn::If"][1], resources)
    return {key: resolved(value, resources) for key, value in node.items()}


def named(name: str, resources: dict[str, Any]) -> str:
    """A pseudo parameter's sample value or a resource's ARN."""
    logical_id = name.removesuffix(".Arn")
    return PSEUDO[name] if name in PSEUDO else ARNS[resources[logical_id]["Type"]] + logical_id.lower()


def findings(role: str, resource: dict[str, Any], resources: dict[str, Any]) -> list[str]:
    """What parliament has to say about the inline policies of one role."""
    found = []
    for policy in resolved(resource["Properties"].get("Policies", []), resources):
        for finding in analyze_policy_string(json.dumps(policy["PolicyDocument"])).findings:
            if not accepted(finding):
                found.append(f"{role}: {finding.issue} {finding.title} {finding.detail} {finding.location}")
    return found


def accepted(finding: Any) -> bool:
    """Whether ACCEPTED gives a reason for it."""
    return any(finding.issue == issue and word in str(finding.detail) for issue, word in ACCEPTED)


def main() -> int:
    """Prints findings; 1 when there are any."""
    resources = json.loads(Path(sys.argv[1]).read_text())["Resources"]
    roles = {name: value for name, value in resources.items() if value["Type"] == "AWS::IAM::Role"}
    found = [line for name, role in roles.items() for line in findings(name, role, resources)]
    print("\n".join(found) or f"parliament: {len(roles)} roles, no findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
