"""What the stack promises apart from rights: encryption, retention, delivery, environments."""

import json
import tomllib
from typing import Any

import pytest

from selfheal.adapters.bedrock import ASK_SECONDS, CALL_SECONDS
from selfheal.adapters.session import PATIENCE
from selfheal.steps.train_baselines import TrainingRequest
from selfheal.wire import decode
from tests.contract.machine import snake
from tests.contract.transformed import ROOT, listed, of_type, stack

FUNCTIONS = sorted(of_type("AWS::Lambda::Function"))
ALARMS = of_type("AWS::CloudWatch::Alarm")
SAMCONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text())


def ref(value: Any) -> str:
    """The logical id behind a Ref or GetAtt."""
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])


def refuses_plain_http(policy: dict[str, Any]) -> bool:
    plain = {"Bool": {"aws:SecureTransport": False}}
    return any(
        statement["Effect"] == "Deny" and statement["Condition"] == plain
        for statement in policy["PolicyDocument"]["Statement"]
    )


# ---- data at rest and in transit


@pytest.mark.parametrize(
    ("kind", "policy_kind", "field"),
    [
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics"),
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket"),
    ],
)
def test_everything_that_takes_messages_or_objects_refuses_plain_http(
    kind: str, policy_kind: str, field: str
) -> None:
    safe = {
        ref(target)
        for policy in of_type(policy_kind).values()
        if refuses_plain_http(policy)
        for target in listed(policy[field])
    }
    assert safe == set(of_type(kind))


def test_queues_are_encrypted() -> None:
    assert all(queue["SqsManagedSseEnabled"] for queue in of_type("AWS::SQS::Queue").values())


def test_the_lake_is_private_encrypted_versioned_and_survives_the_stack() -> None:
    lake = of_type("AWS::S3::Bucket")["LakeBucket"]
    assert set(lake["PublicAccessBlockConfiguration"].values()) == {True}
    assert lake["BucketEncryption"]
    assert lake["VersioningConfiguration"] == {"Status": "Enabled"}
    for name in ("LakeBucket", "Table"):
        assert stack()["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert stack()["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_the_proof_of_the_ledger_is_private_encrypted_versioned_locked_and_survives_the_stack() -> None:
    bucket = of_type("AWS::S3::Bucket")["LedgerBucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["ObjectLockEnabled"] is True
    rule = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert rule == {"Mode": {"Ref": "LedgerLockMode"}, "Days": {"Ref": "LedgerLockDays"}}
    assert "LifecycleConfiguration" not in bucket
    assert stack()["Resources"]["LedgerBucket"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert stack()["Resources"]["LedgerBucket"]["UpdateReplacePolicy"] == "Retain"


def test_the_bucket_itself_refuses_to_have_the_ledger_written_over_or_hidden() -> None:
    denied = {
        statement["Sid"]: (statement["Action"], statement.get("Condition"))
        for statement in of_type("AWS::S3::BucketPolicy")["LedgerBucketPolicy"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Principal"] == "*"
    }
    assert denied["NothingIsWrittenOver"] == ("s3:PutObject", {"Null": {"s3:if-none-match": True}})
    assert denied["NothingIsHidden"] == ("s3:DeleteObject", None)


def test_production_locks_the_ledger_for_everybody() -> None:
    overrides = SAMCONFIG["prod"]["deploy"]["parameters"]["parameter_overrides"]
    assert "LedgerLockMode=COMPLIANCE" in overrides


def test_the_table_is_on_demand_recoverable_and_forgets_what_expires() -> None:
    for name, table in of_type("AWS::DynamoDB::Table").items():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        if name == "ControlTable":  # who turned the kill switch is kept for good
            continue
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_every_log_group_has_retention_and_every_function_its_own_group() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    for name in FUNCTIONS:
        own = name.replace("Function", "LogGroup")
        assert of_type("AWS::Lambda::Function")[name]["LoggingConfig"] == {"LogGroup": {"Ref": own}}
        folder = snake(name.removesuffix("Function")).replace("_", "-")
        assert groups[own]["LogGroupName"]["Fn::Sub"].endswith(f"/${{AWS::StackName}}-{folder}")


def test_the_state_machine_logs_errors_without_data() -> None:
    logging = of_type("AWS::StepFunctions::StateMachine")["HealStateMachine"]["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)


# ---- delivery


def test_what_a_rule_cannot_deliver_goes_to_the_dead_letter_queue_and_may() -> None:
    rules = of_type("AWS::Events::Rule")
    for rule in rules.values():
        assert [ref(target["DeadLetterConfig"]["Arn"]) for target in rule["Targets"]] == ["DeadLetterQueue"]
    assert senders("DeadLetterQueuePolicy") == set(rules)


def test_only_the_rules_of_finished_runs_feed_the_intake_queue() -> None:
    feeding = {
        name
        for name, rule in of_type("AWS::Events::Rule").items()
        if ref(rule["Targets"][0]["Arn"]) == "IntakeQueue"
    }
    assert senders("IntakeQueuePolicy") == feeding == {"CodeBuildRule", "CodePipelineRule", "CodeDeployRule"}


def senders(policy: str) -> set[str]:
    (statement,) = (
        s
        for s in of_type("AWS::SQS::QueuePolicy")[policy]["PolicyDocument"]["Statement"]
        if s["Effect"] == "Allow"
    )
    return {ref(arn) for arn in statement["Condition"]["ArnEquals"]["aws:SourceArn"]}


def test_rules_take_events_of_this_account_only() -> None:
    for rule in of_type("AWS::Events::Rule").values():
        assert rule["EventPattern"]["account"] == [{"Ref": "AWS::AccountId"}]


def test_a_message_is_not_seen_twice_while_it_is_being_ingested() -> None:
    timeout = of_type("AWS::Lambda::Function")["IngestRunFunction"]["Timeout"]
    assert of_type("AWS::SQS::Queue")["IntakeQueue"]["VisibilityTimeout"] >= 6 * timeout
    mapping = of_type("AWS::Lambda::EventSourceMapping")["IngestRunMapping"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_that_cannot_be_ingested_is_set_aside_after_four_attempts() -> None:
    redrive = of_type("AWS::SQS::Queue")["IntakeQueue"]["RedrivePolicy"]
    assert (ref(redrive["deadLetterTargetArn"]), redrive["maxReceiveCount"]) == ("IntakeDeadLetterQueue", 4)


def test_what_the_scheduler_cannot_deliver_goes_to_the_dead_letter_queue() -> None:
    schedules = of_type("AWS::Scheduler::Schedule")
    assert len(schedules) == 4
    for schedule in schedules.values():
        assert ref(schedule["Target"]["DeadLetterConfig"]["Arn"]) == "DeadLetterQueue"


def test_a_schedule_tells_train_baselines_what_it_wants() -> None:
    asked = {
        name: json.loads(schedule["Target"]["Input"])
        for name, schedule in of_type("AWS::Scheduler::Schedule").items()
        if ref(schedule["Target"]["Arn"]) == "TrainBaselinesFunction"
    }
    assert asked == {
        "TrainBaselinesFunctionTraining": {"reason": "schedule"},
        "TrainBaselinesFunctionDriftCheck": {"reason": "drift-check"},
    }
    assert all(decode(TrainingRequest, document) for document in asked.values())


def test_asynchronous_functions_keep_what_they_cannot_do() -> None:
    configured = {
        ref(config["FunctionName"]): ref(config["DestinationConfig"]["OnFailure"]["Destination"])
        for config in of_type("AWS::Lambda::EventInvokeConfig").values()
    }
    functions = {
        "ScoreRunFunction",
        "WatchDeploymentFunction",
        "ResumeHealingFunction",
        "ReconcileRunsFunction",
        "TrainBaselinesFunction",
        "PromoteModelFunction",
    }
    assert configured == dict.fromkeys(functions, "DeadLetterQueue")


def test_every_alarm_tells_people() -> None:
    for alarm in ALARMS.values():
        assert alarm["AlarmActions"] == [{"Ref": "NotificationTopic"}]
        assert alarm["TreatMissingData"] == "notBreaching"


def test_alarms_ring_at_the_first_lost_message_and_the_first_failed_execution() -> None:
    above = {
        name: (
            alarm.get("MetricName", alarm.get("Metrics", [{}])[0].get("Expression")),
            alarm["Threshold"],
            alarm["EvaluationPeriods"],
        )
        for name, alarm in ALARMS.items()
    }
    assert above == {
        "IntakeDeadLettersAlarm": ("ApproximateNumberOfMessagesVisible", 0, 1),
        "DeadLettersAlarm": ("ApproximateNumberOfMessagesVisible", 0, 1),
        "IntakeAgeAlarm": ("ApproximateAgeOfOldestMessage", 600, 2),
        "RunsQuarantinedAlarm": ("RunsQuarantined", 0, 1),
        "HealFailedAlarm": ("ExecutionsFailed", 0, 1),
        "EndpointErrorsAlarm": ("Invocation5XXErrors", 2, 1),
        "EndpointSlowAlarm": ("ModelLatency", 1_000_000, 3),
        "EndpointIdleAlarm": ("EndpointIdle", 0, 6),
        "FunctionErrorsAlarm": ("SUM([ingest, score, watch, resume, reconcile, escalate])", 2, 1),
    }
    assert {alarm["ComparisonOperator"] for alarm in ALARMS.values()} == {"GreaterThanThreshold"}


def test_no_alarm_needs_more_metrics_than_an_alarm_can_have() -> None:
    assert max(len(alarm.get("Metrics", [])) for alarm in ALARMS.values()) <= 10


def test_asking_models_fits_into_its_function() -> None:
    """A model that hangs must leave the function time to let the catalogue speak."""
    assert PATIENCE["bedrock-runtime"].longest_seconds <= CALL_SECONDS
    assert of_type("AWS::Lambda::Function")["SuggestRemedyFunction"]["Timeout"] >= ASK_SECONDS + 10
