"""Who may write what of the table, read off the transformed template."""

import json

from selfheal.adapters.dynamodb.models import MODELS
from tests.contract.test_rights import FUNCTION_ROLES, ROLES
from tests.contract.transformed import listed, statements

# What of the table a function may write, by the beginning of the partition key; tests/adapters/test_table_rights.py
# holds the functions to it.
PARTITIONS = {
    "IngestRun": {"RUN#*", "WAITER#*"},
    "ScoreRun": {"RUN#*", "INCIDENT#*", "PIPELINES"},
    "WatchDeployment": {"INCIDENT#*"},
    "DiagnoseFailure": {"INCIDENT#*", "RUN#*"},
    "DecideAction": {"INCIDENT#*", "DECISION#*"},
    "RequestApproval": {"INCIDENT#*", "APPROVAL#*", "WAITER#*"},
    "AnswerApproval": {"INCIDENT#*", "APPROVAL#*", "ANSWER#*"},
    "ExecuteAction": {"INCIDENT#*", "ACTION#*", "RUN#*", "LINEAGE#*", "PIPELINE#*", "ACCOUNT", "BREAKER#*"},
    "AwaitOutcome": {"WAITER#*"},
    "ExamineOutcome": {"RUN#*"},
    "RecordOutcome": {"INCIDENT#*", "APPROVAL#*", "RUN#*", "VAIN#*", "BREAKER#*", "TRACK#*"},
    "Notify": {"INCIDENT#*"},
    "Escalate": {"INCIDENT#*", "APPROVAL#*"},
    "TrainBaselines": {MODELS},
    "PromoteModel": {MODELS},
}

TABLE_ARN = {"Fn::GetAtt": ["Table", "Arn"]}
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
HELD_BY = {"ForAllValues:StringLike", "ForAllValues:StringEquals"}


def test_a_function_writes_to_the_partitions_it_has_to_and_to_no_other() -> None:
    found = {
        role.removesuffix("FunctionRole"): kinds for role in FUNCTION_ROLES if (kinds := written_by(role))
    }
    assert found == PARTITIONS


def written_by(role: str) -> set[str]:
    """The partitions of the table that a role may write; a right that is not held to any fails."""
    writing = [
        s for s in statements(role) if s["Resource"] == TABLE_ARN and WRITES & set(listed(s["Action"]))
    ]
    assert all(len(s["Condition"]) == 1 and HELD_BY.issuperset(s["Condition"]) for s in writing)
    return {key for s in writing for held in s["Condition"].values() for key in held["dynamodb:LeadingKeys"]}


def test_decisions_answers_actions_and_budgets_are_each_written_by_one_function() -> None:
    assert writers("DECISION#*") == {"DecideAction"}
    assert writers("ANSWER#*") == {"AnswerApproval"}
    for partition in ("ACTION#*", "LINEAGE#*", "PIPELINE#*", "ACCOUNT"):
        assert writers(partition) == {"ExecuteAction"}
    assert writers("APPROVAL#*") == {"RequestApproval", "AnswerApproval", "RecordOutcome", "Escalate"}


def writers(partition: str) -> set[str]:
    return {role.removesuffix("FunctionRole") for role in FUNCTION_ROLES if partition in written_by(role)}


def test_nothing_else_reaches_the_table_with_a_right_to_write() -> None:
    writing = {"Put", "Update", "Delete", "Batch", "PartiQL"}
    for role in ROLES:
        for s in statements(role):
            if "Table" in json.dumps(s["Resource"]) and "ModelBudgetTable" not in json.dumps(s["Resource"]):
                told = {a for a in listed(s["Action"]) if a.split(":")[1].startswith(tuple(writing))}
                assert told <= WRITES | {"dynamodb:BatchGetItem"}
                assert s["Resource"] == TABLE_ARN or not told & WRITES, "what is read above is all there is"
