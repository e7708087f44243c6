"""Who may do what on SageMaker: least privilege, read off the transformed template."""

import json
from fnmatch import fnmatch
from typing import Any

from selfheal.adapters.sagemaker_pipeline import CODE
from tests.contract.test_rights import ROLES, who
from tests.contract.transformed import listed, statements


def test_promote_model_hands_the_endpoints_role_to_sagemaker_and_no_other_to_nobody_else() -> None:
    of_iam = [s for s in statements("PromoteModelFunctionRole") if "iam:" in json.dumps(s["Action"])]
    assert [s["Action"] for s in of_iam] == ["iam:PassRole", "iam:CreateServiceLinkedRole"]
    assert of_iam[0]["Resource"] == {"Fn::GetAtt": ["HostingRole", "Arn"]}
    assert of_iam[0]["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert "sagemaker.application-autoscaling.amazonaws.com" in json.dumps(of_iam[1]["Condition"])


def test_sagemaker_is_asked_by_score_run_started_by_training_and_changed_by_promote_model() -> None:
    assert who("sagemaker:InvokeEndpoint") == {"ScoreRunFunctionRole", "PromoteModelFunctionRole"}
    assert who("sagemaker:StartPipelineExecution") == {"TrainBaselinesFunctionRole"}
    assert who("sagemaker:UpdateEndpoint") == who("sagemaker:CreateEndpoint") == {"PromoteModelFunctionRole"}
    named = ("-forest", "-training", "pipelines-*")
    for role in ROLES:
        for statement in statements(role):
            if "sagemaker:" in json.dumps(statement["Action"]):
                assert all(
                    any(part in arn["Fn::Sub"] for part in named) for arn in listed(statement["Resource"])
                )


def test_no_job_can_change_the_code_that_jobs_run() -> None:
    code = f"${{LakeBucket.Arn}}/{CODE}"
    assert {"Fn::Sub": f"{code}*"} in may("TrainingRole", "s3:GetObject")
    assert {"Fn::Sub": f"{code}*"} in may("TrainBaselinesFunctionRole", "s3:PutObject")
    for role in set(ROLES) - {"TrainBaselinesFunctionRole"}:
        for resource in may(role, "s3:PutObject"):
            assert not fnmatch(f"{code}0123/training.pyz", resource.get("Fn::Sub", "*")), role


def may(role: str, action: str) -> list[Any]:
    """What a role may do that to."""
    return [
        resource
        for statement in statements(role)
        if action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
