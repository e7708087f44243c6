from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.stage_actions import CodePipelineStages
from selfheal.domain.errors import RequestRejected, RunNotFound, Throttled
from selfheal.remedy_ports import Execution, StageAttempt, StageDetails
from selfheal.testing.builders import NOON

Scripted = Callable[[str], tuple[Any, Stubber]]
FAILED, GOOD, BACK, OLDER, NEWER = (f"{n}0000000-0000-0000-0000-000000000000" for n in (3, 2, 4, 1, 5))
ARN = "arn:aws:codepipeline:us-east-1:111122223333:shop"
ATTEMPT = StageAttempt("shop", "Deploy", FAILED, 1)
RULE = {"name": "alarm", "ruleTypeId": {"category": "Rule", "provider": "CloudWatchAlarm"}}


def an_action(stage: str, name: str, at: int, started: str, execution: str = FAILED) -> dict[str, Any]:
    return {
        "pipelineExecutionId": execution,
        "stageName": stage,
        "actionName": name,
        "startTime": NOON + timedelta(seconds=at),
        "status": "Failed",
        "output": {"executionResult": {"externalExecutionId": started}},
    }


FIRST, AGAIN = an_action("Build", "Compile", 0, "shop:1"), an_action("Build", "Compile", 60, "shop:2")
LISTED = {"pipelineName": "shop", "filter": {"pipelineExecutionId": FAILED}}


@pytest.mark.parametrize(("build", "number"), [("shop:1", 1), ("shop:2", 2)])
def test_the_attempt_that_ran_a_build_is_found(scripted: Scripted, build: str, number: int) -> None:
    client, stubber = scripted("codepipeline")
    other = an_action("Build", "Compile", 90, "shop:9", GOOD)
    stubber.add_response(
        "list_action_executions",
        {"actionExecutionDetails": [other], "nextToken": "more"},
        {"pipelineName": "shop"},
    )
    last = {"actionExecutionDetails": [AGAIN, FIRST]}
    stubber.add_response("list_action_executions", last, {"pipelineName": "shop", "nextToken": "more"})
    stubber.add_response("list_action_executions", last, LISTED)
    found = CodePipelineStages(client).of_build("shop", build)
    assert found == StageAttempt("shop", "Build", FAILED, number)


def test_a_build_that_no_recent_action_ran_is_not_found(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    for n in range(3):
        page = {"actionExecutionDetails": [FIRST], "nextToken": f"page-{n}"}
        stubber.add_response("list_action_executions", page)
    assert CodePipelineStages(client).of_build("shop", "shop:7") is None


def test_the_authors_of_an_execution_are_those_whom_its_sources_name(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    told = {"AuthorEmail": "bob@example.com", "AuthorId": "robert", "AuthorDisplayName": "", "CommitId": "1"}
    page = [
        telling("Source", name, variables)
        for name, variables in (("App", told), ("Config", {"AuthorEmail": "bob@example.com"}), ("Old", {}))
    ]
    stubber.add_response("list_action_executions", {"actionExecutionDetails": [*page, FIRST]}, LISTED)
    assert CodePipelineStages(client).authors(ATTEMPT) == ("bob@example.com", "robert")


def telling(category: str, name: str, variables: dict[str, str]) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": "any", "version": "1"}
    told = {"input": {"actionTypeId": kind}, "output": {"outputVariables": variables}}
    return an_action(category, name, 0, "1") | told


def test_a_build_names_nobody_as_the_author_whatever_variables_it_exports(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    page = [telling("Build", "Compile", {"AuthorEmail": "whom.it.likes@example.com"})]
    stubber.add_response("list_action_executions", {"actionExecutionDetails": page}, LISTED)
    assert CodePipelineStages(client).authors(ATTEMPT) == ()


def test_the_last_attempt_of_a_stage_is_counted(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    deploy = an_action("Deploy", "Prod", 90, "d-1")
    stubber.add_response("list_action_executions", {"actionExecutionDetails": [deploy, AGAIN, FIRST]}, LISTED)
    assert CodePipelineStages(client).last_attempt(StageAttempt("shop", "Build", FAILED, 1)) == 2
    stubber.add_response("list_action_executions", {"actionExecutionDetails": []}, LISTED)
    assert CodePipelineStages(client).last_attempt(ATTEMPT) == 1


def test_only_the_attempt_s_own_actions_say_whether_it_is_at_work(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    again = AGAIN | {"status": "InProgress"}
    for _ in range(2):
        stubber.add_response("list_action_executions", {"actionExecutionDetails": [again, FIRST]}, LISTED)
    found = [CodePipelineStages(client).at_work(StageAttempt("shop", "Build", FAILED, n)) for n in (1, 2)]
    assert found == [False, True]


def details(
    scripted: Scripted,
    declared: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
    tags: list[dict[str, str]] | None = None,
    stage: str = "Deploy",
    **pipeline: Any,
) -> StageDetails:
    client, stubber = scripted("codepipeline")
    stages = [{"name": "Source", "actions": []}, {"name": "Deploy", "actions": [], **(declared or {})}]
    whole = {"name": "shop", "roleArn": "arn:aws:iam::111122223333:role/p", "stages": stages, "version": 7}
    reply = {"pipeline": whole | pipeline, "metadata": {"pipelineArn": ARN}}
    stubber.add_response("get_pipeline", reply, {"name": "shop"})
    latest = {"pipelineExecutionId": FAILED, "status": "Failed"}
    states = [{"stageName": "Source"}, {"stageName": "Deploy", "latestExecution": latest} | (state or {})]
    stubber.add_response("get_pipeline_state", {"stageStates": states}, {"name": "shop"})
    stubber.add_response("list_tags_for_resource", {"tags": tags or []}, {"resourceArn": ARN})
    return CodePipelineStages(client).details("shop", stage)


def test_how_a_stage_stands_is_read(scripted: Scripted) -> None:
    found = details(scripted, tags=[{"key": "selfheal", "value": "enabled"}], pipelineType="V2")
    assert found == StageDetails(True, 7, True, latest_execution=FAILED, latest_status="Failed")


def test_a_bare_v1_pipeline_without_tags_permits_nothing(scripted: Scripted) -> None:
    found = details(scripted, pipelineType="V1")
    assert (found.tagged, found.rolls_back, found.held, found.on_failure) == (False, False, False, "")


def test_the_first_stage_is_known_for_it(scripted: Scripted) -> None:
    assert details(scripted, stage="Source").first


@pytest.mark.parametrize(
    ("on_failure", "result"),
    [
        ({"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}, "RETRY"),
        ({"result": "ROLLBACK"}, "ROLLBACK"),
        ({"conditions": [{"result": "SKIP", "rules": [RULE]}]}, "SKIP"),
        ({"conditions": [{"rules": [RULE]}]}, ""),
        ({}, ""),
    ],
)
def test_what_the_service_does_by_itself_is_read(
    scripted: Scripted, on_failure: dict[str, Any], result: str
) -> None:
    assert details(scripted, {"onFailure": on_failure}).on_failure == result


def test_retries_by_the_service_and_closed_ways_are_read(scripted: Scripted) -> None:
    state = {
        "retryStageMetadata": {"autoStageRetryAttempt": 1},
        "inboundTransitionState": {"enabled": False, "disabledReason": "freeze"},
    }
    found = details(scripted, state=state)
    assert (found.native_retries, found.held, found.hold_reason) == (1, True, "freeze")


def test_a_stage_or_pipeline_that_is_gone_is_not_found(scripted: Scripted) -> None:
    with pytest.raises(RunNotFound, match="no stage Prod any more"):
        details(scripted, stage="Prod")


def test_a_pipeline_that_is_gone_is_not_found(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    stubber.add_client_error("get_pipeline", "PipelineNotFoundException")
    with pytest.raises(RunNotFound, match="knows no such pipeline"):
        CodePipelineStages(client).details("shop", "Deploy")


def test_an_execution_tells_its_structure_commit_kind_and_starter(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    request = {"pipelineName": "shop", "pipelineExecutionId": GOOD}
    execution: dict[str, Any] = {"pipelineVersion": 7}
    execution["artifactRevisions"] = [{"name": "Source", "revisionId": "c0ffee"}]
    execution["trigger"] = {"triggerType": "StartPipelineExecution", "triggerDetail": ARN}
    stubber.add_response("get_pipeline_execution", {"pipelineExecution": execution}, request)
    assert CodePipelineStages(client).execution("shop", GOOD) == Execution(GOOD, 7, "c0ffee", started_by=ARN)
    by_itself = {"triggerType": "AutomatedRollback"}
    back = {"pipelineVersion": 8, "executionType": "ROLLBACK", "trigger": by_itself}
    stubber.add_response("get_pipeline_execution", {"pipelineExecution": back}, request)
    assert CodePipelineStages(client).execution("shop", GOOD) == Execution(
        GOOD, 8, "", rollback=True, started_by="AutomatedRollback"
    )


def a_rollback(execution: str, minutes: int, trigger: str) -> dict[str, Any]:
    return {
        "pipelineExecutionId": execution,
        "executionType": "ROLLBACK",
        "startTime": NOON + timedelta(minutes=minutes),
        "trigger": {"triggerType": trigger},
        "rollbackMetadata": {"rollbackTargetPipelineExecutionId": GOOD},
    }


@pytest.mark.parametrize(
    ("newest_first", "stayed"),
    [
        ([BACK, GOOD], [GOOD]),
        ([BACK, FAILED, GOOD, OLDER], [GOOD, OLDER]),
        ([NEWER, BACK, FAILED, GOOD], [NEWER, GOOD]),
        ([BACK, FAILED, BACK, NEWER, GOOD], [GOOD]),
        ([BACK, FAILED, OLDER], []),
    ],
)
def test_neither_rollbacks_nor_what_they_went_past_is_gone_back_to(
    scripted: Scripted, newest_first: list[str], stayed: list[str]
) -> None:
    """FAILED passed the stage and was rolled back to GOOD: the next harmful release must not bring it back."""
    client, stubber = scripted("codepipeline")
    request = {"pipelineName": "shop", "maxResults": 100}
    passed = [
        a_rollback(each, 0, "ManualRollback") if each == BACK else {"pipelineExecutionId": each}
        for each in newest_first
    ]
    only = {"filter": {"succeededInStage": {"stageName": "Deploy"}}}
    stubber.add_response("list_pipeline_executions", {"pipelineExecutionSummaries": passed}, request | only)
    assert CodePipelineStages(client).succeeded_in("shop", "Deploy") == stayed


def test_rollbacks_that_somebody_asked_for_are_listed(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    summaries = [
        a_rollback(BACK, 2, "ManualRollback"),
        a_rollback(FAILED, 1, "AutomatedRollback"),
        {"pipelineExecutionId": GOOD, "startTime": NOON + timedelta(minutes=1)},
        a_rollback(GOOD, -1, "ManualRollback"),
    ]
    stubber.add_response("list_pipeline_executions", {"pipelineExecutionSummaries": summaries})
    assert CodePipelineStages(client).rolled_back_since("shop", NOON) == [(BACK, GOOD)]


def test_what_is_done_to_a_stage_is_asked_for_in_so_many_words(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    stage = {"pipelineName": "shop", "stageName": "Deploy"}
    retry = stage | {"pipelineExecutionId": FAILED, "retryMode": "FAILED_ACTIONS"}
    stubber.add_response("retry_stage_execution", {"pipelineExecutionId": FAILED}, retry)
    back = stage | {"targetPipelineExecutionId": GOOD}
    stubber.add_response("rollback_stage", {"pipelineExecutionId": BACK}, back)
    hold = stage | {"transitionType": "Inbound", "reason": "for incident 1"}
    stubber.add_response("disable_stage_transition", {}, hold)
    stubber.add_response("enable_stage_transition", {}, stage | {"transitionType": "Inbound"})
    hands = CodePipelineStages(client)
    hands.retry(ATTEMPT)
    assert hands.roll_back("shop", "Deploy", GOOD) == BACK
    hands.hold("shop", "Deploy", "for incident 1")
    hands.release("shop", "Deploy")
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("StageNotRetryableException", RequestRejected),
        ("NotLatestPipelineExecutionException", RequestRejected),
        ("ThrottlingException", Throttled),
    ],
)
def test_a_refused_retry_keeps_the_services_reason(scripted: Scripted, code: str, kind: Any) -> None:
    client, stubber = scripted("codepipeline")
    stubber.add_client_error("retry_stage_execution", code, "the stage is at work")
    with pytest.raises(kind, match=r"codepipeline:RetryStageExecution.*the stage is at work"):
        CodePipelineStages(client).retry(ATTEMPT)
