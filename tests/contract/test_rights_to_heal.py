"""What execute_action may do to pipelines: what the remedies declare, where the tag is, and no more."""

import json

from selfheal.domain.remedy import TAG_KEY, TAG_VALUE
from selfheal.remedies.registry import catalogue
from tests.contract.test_rights import READS_RUNS, TOOLS, WRITES
from tests.contract.transformed import allowed, listed, of_type, source, statements

# StopDeployment knows no resources; naming a revision that was deployed before changes nothing that runs; runbooks are
# told by their names.
UNTAGGED = {
    "codedeploy:StopDeployment",
    "codedeploy:RegisterApplicationRevision",
    "ssm:StartAutomationExecution",
}
# What StartBuild may not override: all that a build is, except its commit (which has no condition key), the
# cache, the compute size and the time-outs.
FIXED_BY_THE_PROJECT = {
    "source.buildspec",
    "source.location",
    "source.auth.type",
    "source.auth.resource",
    "source.insecureSsl",
    "secondarySources",
    "artifacts",
    "secondaryArtifacts",
    "environment.image",
    "environment.type",
    "environment.imagePullCredentialsType",
    "environment.certificate",
    "environment.privilegedMode",
    "environment.registryCredential",
    "environment.environmentVariables",
    "environment.fleet.fleetArn",
    "logsConfig",
    "encryptionKey",
    "serviceRole",
    "autoRetryLimit",
}


def test_what_changes_something_is_allowed_only_where_its_owner_has_set_the_tag() -> None:
    tag = {"StringEquals": {f"aws:ResourceTag/{TAG_KEY}": TAG_VALUE}}
    free = {
        action
        for statement in statements("ExecuteActionFunctionRole")
        if statement["Effect"] == "Allow" and statement.get("Condition") != tag
        for action in listed(statement["Action"])
        if action.startswith((*TOOLS, "ssm:")) and action.split(":")[1].startswith(WRITES)
    }
    assert free == UNTAGGED


def test_execute_action_may_do_what_the_remedies_declare_and_read_runs() -> None:
    tools = (*TOOLS, "ssm:")
    granted = {action for action in allowed("ExecuteActionFunctionRole") if action.startswith(tools)}
    assert granted == {action for remedy in catalogue() for action in remedy.iam_actions} | READS_RUNS


def test_a_build_cannot_be_turned_into_another_one() -> None:
    """One statement per override: the keys of one condition would have to come together before it denies."""
    of_role = list(statements("ExecuteActionFunctionRole"))
    (allow,) = (s for s in of_role if s["Effect"] == "Allow" and "codebuild:StartBuild" in s["Action"])
    denied = [s for s in of_role if s["Effect"] == "Deny"]
    assert all(s["Action"] == "codebuild:StartBuild" and s["Resource"] == allow["Resource"] for s in denied)
    conditions = [s["Condition"] for s in denied]
    assert sorted(conditions, key=str) == sorted(
        ({"Null": {f"codebuild:{key}": False}} for key in FIXED_BY_THE_PROJECT), key=str
    )


def test_overrides_that_healing_needs_are_not_denied() -> None:
    text = json.dumps([s for s in statements("ExecuteActionFunctionRole") if s["Effect"] == "Deny"])
    assert "codebuild:cache" not in text
    assert "computeType" not in text


def test_runbooks_are_off_until_their_names_are_told_and_their_role_is_the_only_one_that_is_passed() -> None:
    parameters = source()["Parameters"]
    assert parameters["RunbookPrefix"]["Default"] == parameters["RunbookRoleArn"]["Default"] == ""
    policies = of_type("AWS::IAM::Role")["ExecuteActionFunctionRole"]["Policies"]
    behind = {
        p["Fn::If"][0]: p["Fn::If"][1]["PolicyDocument"]["Statement"] for p in policies if "Fn::If" in p
    }
    (start,), (pass_role,) = behind["HasRunbooks"], behind["HasRunbookRole"]
    assert start["Action"] == "ssm:StartAutomationExecution"
    kinds = [arn["Fn::Sub"].rsplit(":", 1)[1] for arn in start["Resource"]]
    assert kinds == [
        "document/${RunbookPrefix}*",
        "automation-definition/${RunbookPrefix}*",
        "automation-execution/*",
    ]
    assert (pass_role["Action"], pass_role["Resource"]) == ("iam:PassRole", {"Ref": "RunbookRoleArn"})
    assert pass_role["Condition"] == {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}


def test_the_rights_of_a_role_fit_into_what_iam_allows() -> None:
    """All inline policies of a role together: 10,240 characters without white space (IAM quotas)."""
    text = json.dumps(list(statements("ExecuteActionFunctionRole")), separators=(",", ":"))
    assert len(text) < 9_000
