"""Who may ask, answer and resume: read off the transformed template."""

from selfheal.remedies.registry import catalogue
from tests.contract.test_rights import READS_RUNS, TOOLS, WRITES, who
from tests.contract.transformed import allowed, listed, of_type, stack, statements

# CreateDeployment asks for them; nobody reads them before.
NEEDED_TO_DEPLOY = {"codedeploy:GetDeploymentConfig", "codedeploy:GetApplicationRevision"}


def test_exactly_one_role_may_send_results_of_tasks_and_it_can_write_nothing() -> None:
    assert who("states:SendTask") == {"ResumeHealingFunctionRole"}
    assert allowed("ResumeHealingFunctionRole") == {
        "states:SendTaskSuccess",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "sqs:SendMessage",
    }
    (queue,) = (s for s in statements("ResumeHealingFunctionRole") if s["Action"] == "sqs:SendMessage")
    assert queue["Resource"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}


def test_whoever_asks_for_approval_may_read_what_remedies_read_and_change_nothing() -> None:
    role = "RequestApprovalFunctionRole"
    granted = {action for action in allowed(role) if action.startswith((*TOOLS, "ssm:"))}
    declared = {action for remedy in catalogue() for action in remedy.iam_actions}
    reading = {action for action in declared if not action.split(":")[1].startswith(WRITES)}
    assert granted == (reading - NEEDED_TO_DEPLOY) | READS_RUNS


def test_an_approver_may_answer_and_look_and_nothing_else() -> None:
    (policy,) = of_type("AWS::IAM::ManagedPolicy").values()
    rights = {a for s in policy["PolicyDocument"]["Statement"] for a in listed(s["Action"])}
    assert rights == {
        "lambda:InvokeFunction",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "cloudformation:DescribeStacks",
    }
    (call,) = (s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "lambda:InvokeFunction")
    assert call["Resource"] == {"Fn::GetAtt": ["AnswerApprovalFunction", "Arn"]}


def test_nothing_answers_over_http() -> None:
    """No page, no link and no mail scanner can change a state: there is no address to call."""
    kinds = {resource["Type"] for resource in stack()["Resources"].values()}
    assert not {kind for kind in kinds if "ApiGateway" in kind or kind == "AWS::Lambda::Url"}
