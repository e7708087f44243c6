"""Who may do what: least privilege, read off the transformed template."""

import json
import re

import pytest

from selfheal.adapters.dynamodb.models import MODELS
from tests.contract.machine import pascal, snake
from tests.contract.transformed import ROOT, allowed, listed, of_type, source, statements

ROLES = sorted(of_type("AWS::IAM::Role"))
FUNCTION_ROLES = [role for role in ROLES if role.endswith("FunctionRole")]
WRITES = (
    "Start",
    "Stop",
    "Retry",
    "Create",
    "Update",
    "Delete",
    "Put",
    "Invalidate",
    "Rollback",
    "Disable",
    "Enable",
    "Register",
)
TOKEN = "the token, not an ARN, names the waiting execution"
ALARMS = "a narrower right hides composite alarms"
EVERY_RESOURCE = {
    ("IngestRunFunctionRole", "ReadDeploymentSteps"): "the targets of a deployment are no resources",
    ("IngestRunFunctionRole", "ReadMetrics"): "GetMetricData knows no resources",
    ("WatchDeploymentFunctionRole", "ReadAlarms"): ALARMS,
    ("ExecuteActionFunctionRole", "ReadAlarms"): ALARMS,
    ("RecordOutcomeFunctionRole", "ReadAlarms"): ALARMS,
    ("ResumeHealingFunctionRole", "ResumeHealing"): TOKEN,
    ("ReconcileRunsFunctionRole", "ListRuns"): "these actions list a whole account",
    ("ExecuteActionFunctionRole", "StopDeployments"): "StopDeployment knows no resources",
    ("HealStateMachineRole", "DeliverLogs"): "log delivery is set up for the account",
    ("TrainingRole", "FetchImages"): "the token is of the account's registry",
    ("TrainingRole", "PublishMetrics"): "PutMetricData knows no resources; the namespace is fixed",
    ("HostingRole", "FetchImages"): "the token is of the account's registry",
    ("HostingRole", "PublishMetrics"): "PutMetricData knows no resources; the namespace is fixed",
}
READS_RUNS = {
    "codebuild:BatchGetBuilds",
    "codepipeline:ListActionExecutions",
    "codepipeline:GetPipelineExecution",
    "codedeploy:GetDeployment",
}
# Two to diagnose a failure and another attempt's, one to count bytes.
READS_LOGS = {"DiagnoseFailureFunctionRole", "ExamineOutcomeFunctionRole", "IngestRunFunctionRole"}
TOOLS = ("codebuild:", "codepipeline:", "codedeploy:")


def who(prefix: str) -> set[str]:
    return {role for role in ROLES if any(action.startswith(prefix) for action in allowed(role))}


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_a_wildcard(role: str) -> None:
    assert [action for action in allowed(role) if "*" in action] == []


def test_a_right_on_everything_needs_a_reason() -> None:
    found = {
        (role, statement.get("Sid", "without a Sid"))
        for role in ROLES
        for statement in statements(role)
        if "*" in listed(statement["Resource"])
    }
    assert found == set(EVERY_RESOURCE)


@pytest.mark.parametrize("role", FUNCTION_ROLES)
def test_a_function_has_no_managed_rights_but_its_own_logs_and_traces(role: str) -> None:
    managed = {arn.rsplit("/", 1)[1] for arn in of_type("AWS::IAM::Role")[role]["ManagedPolicyArns"]}
    assert managed == {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}


def test_only_suggest_remedy_calls_the_model_and_it_can_call_nothing_else() -> None:
    assert who("bedrock:") == {"SuggestRemedyFunctionRole"}
    assert allowed("SuggestRemedyFunctionRole") == {
        "bedrock:InvokeModel",
        "bedrock:ApplyGuardrail",
        "dynamodb:UpdateItem",
    }


def test_suggest_remedy_counts_tokens_in_a_table_that_nobody_decides_by() -> None:
    (count,) = (s for s in statements("SuggestRemedyFunctionRole") if s["Action"] == "dynamodb:UpdateItem")
    assert count["Resource"] == {"Fn::GetAtt": ["ModelBudgetTable", "Arn"]}
    reaching = [
        role for role in ROLES for s in statements(role) if "ModelBudgetTable" in json.dumps(s["Resource"])
    ]
    assert reaching == ["SuggestRemedyFunctionRole"]


def test_three_functions_read_what_people_control_and_none_can_change_it() -> None:
    reaching = {
        (role, action)
        for role in ROLES
        for statement in statements(role)
        if "ControlTable" in json.dumps(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert reaching == {
        ("DecideActionFunctionRole", "dynamodb:GetItem"),
        ("ExecuteActionFunctionRole", "dynamodb:GetItem"),
        ("RecordOutcomeFunctionRole", "dynamodb:GetItem"),
    }


def test_rights_on_models_and_guardrails_vanish_with_them() -> None:
    policies = of_type("AWS::IAM::Role")["SuggestRemedyFunctionRole"]["Policies"]
    conditions = {
        policy["Fn::If"][0]: {s["Action"] for s in policy["Fn::If"][1]["PolicyDocument"]["Statement"]}
        for policy in policies
        if "Fn::If" in policy
    }
    assert conditions == {
        "HasModel": {"bedrock:InvokeModel"},
        "HasFallbackModel": {"bedrock:InvokeModel"},
        "HasGuardrail": {"bedrock:ApplyGuardrail"},
    }


def test_other_models_are_reached_through_the_configured_profile_only() -> None:
    for statement in statements("SuggestRemedyFunctionRole"):
        if "foundation-model/*" in json.dumps(statement["Resource"]):
            assert set(statement["Condition"]["ArnEquals"]) == {"bedrock:InferenceProfileArn"}


def test_only_execute_action_changes_pipelines() -> None:
    writers = {
        role
        for role in ROLES
        for action in allowed(role)
        if action.startswith(TOOLS) and action.split(":")[1].startswith(WRITES)
    }
    assert writers == {"ExecuteActionFunctionRole"}


def test_the_scheduler_may_call_its_function_and_set_aside_what_it_cannot_deliver() -> None:
    schedulers = {
        role
        for role, body in of_type("AWS::IAM::Role").items()
        if "scheduler.amazonaws.com" in json.dumps(body["AssumeRolePolicyDocument"])
    }
    assert len(schedulers) == 4
    for role in schedulers:
        assert allowed(role) == {"lambda:InvokeFunction", "sqs:SendMessage"}


def test_training_writes_to_no_partition_of_the_table_but_its_own() -> None:
    (statement,) = (s for s in statements("TrainBaselinesFunctionRole") if "dynamodb:PutItem" in s["Action"])
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [MODELS]}}
    assert not who("dynamodb:Delete")


def test_no_role_may_touch_identities_or_secrets() -> None:
    assert who("sts:") | who("secretsmanager:") | who("kms:") == set()
    assert who("ssm:") == {"ExecuteActionFunctionRole"}, "runbooks; see test_rights_to_heal.py"
    handing_on = {"ExecuteActionFunctionRole", "PromoteModelFunctionRole"}
    assert who("iam:") == handing_on, "see test_rights_to_heal.py and test_sagemaker_rights.py"


def test_nothing_of_the_ledger_can_be_deleted() -> None:
    deleting = {action for role in ROLES for action in allowed(role) if "Delete" in action}
    assert deleting == {"sqs:DeleteMessage", "logs:DeleteLogDelivery", "sagemaker:DeleteEndpoint"}


@pytest.mark.parametrize("role", sorted(READS_LOGS))
def test_logs_are_read_from_the_groups_of_builds_only(role: str) -> None:
    (statement,) = (s for s in statements(role) if s["Action"] == "logs:GetLogEvents")
    groups = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${BuildLogGroups}"
    assert [arn["Fn::Sub"] for arn in statement["Resource"]] == [f"{groups}:log-stream:*", groups]


def test_who_asks_for_alarms_may_read_them_and_neither_set_nor_silence_them() -> None:
    functions = [action for role in FUNCTION_ROLES for action in allowed(role)]
    assert {action for action in functions if action.startswith("cloudwatch:")} == {
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
    }
    asking = {
        "WatchDeploymentFunctionRole",
        "ExecuteActionFunctionRole",
        "RecordOutcomeFunctionRole",
        "PromoteModelFunctionRole",
    }
    assert who("cloudwatch:DescribeAlarms") == asking


def test_only_three_functions_read_logs() -> None:
    assert who("logs:Get") - {"HealStateMachineRole"} == READS_LOGS


def test_what_is_set_aside_and_what_is_measured_lie_apart_and_only_ingest_run_writes_them() -> None:
    (statement,) = (s for s in statements("IngestRunFunctionRole") if s["Action"] == "s3:PutObject")
    folders = ["${LakeBucket.Arn}/measurements/*", "${LakeBucket.Arn}/quarantine/*"]
    assert [arn["Fn::Sub"] for arn in statement["Resource"]] == folders


@pytest.mark.parametrize("function", ["DiagnoseFailureFunction", "ExamineOutcomeFunction"])
def test_logs_in_s3_are_read_from_the_named_bucket_of_this_account_only(function: str) -> None:
    granted = source()["Resources"][function]["Properties"]["Policies"][1]["Fn::If"]
    assert granted[0] == "HasBuildLogBucket"
    assert granted[1]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${BuildLogBucket}/*"},
            "Condition": {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}},
        }
    ]


@pytest.mark.parametrize(
    ("groups", "accepted"),
    [
        ("/aws/codebuild/*", True),
        ("team-a/builds", True),
        ("*", False),
        ("*/builds", False),
        ("", False),
        ("a,b", False),
        ("a:b", False),
    ],
)
def test_the_groups_of_builds_are_named_by_their_beginning(groups: str, accepted: bool) -> None:
    parameter = source()["Parameters"]["BuildLogGroups"]
    assert parameter["Default"] == "/aws/codebuild/*"
    assert bool(re.fullmatch(parameter["AllowedPattern"], groups)) is accepted


def appending() -> set[str]:
    """The roles of the functions whose step appends to the ledger."""
    steps = ROOT / "layers" / "core" / "selfheal" / "steps"
    found = (snake(role.removesuffix("FunctionRole")) for role in FUNCTION_ROLES)
    texts = {name: (steps / f"{name}.py").read_text() for name in found}
    appends = ("ledger.append(LedgerEntry", "import lineage_of, open_incident", "record_answer(")
    return {
        f"{pascal(name)}FunctionRole"
        for name, text in texts.items()
        if any(words in text for words in appends)
    }


def test_who_appends_to_the_ledger_may_add_objects_to_its_archive_and_read_them_and_nothing_else() -> None:
    reaching = {
        role: statement
        for role in ROLES
        for statement in statements(role)
        if "LedgerBucket" in json.dumps(statement["Resource"])
    }
    assert set(reaching) == appending()
    for statement in reaching.values():
        assert statement["Action"] == ["s3:PutObject", "s3:GetObject"]
        assert statement["Resource"] == {"Fn::Sub": "${LedgerBucket.Arn}/entries/*"}


def test_nobody_may_unlock_the_ledger_or_pass_its_lock_by() -> None:
    assert who("s3:Bypass") | who("s3:PutObjectR") | who("s3:PutObjectL") | who("s3:PutBucket") == set()
