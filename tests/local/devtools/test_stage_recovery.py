"""Stages that are retried, rolled back, held and superseded, with actions whose end the test decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.devtools.errors import ServiceError
from tests.local.devtools.simulated import Json, tell_late, until
from tests.local.devtools.stages import PIPELINE_EVENT, Pipeline, declaration


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


def refused(code: str, call: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        call(*arguments)
    assert caught.value.code == code
    return caught.value.message


def test_a_retried_stage_runs_what_failed_and_the_execution_goes_on(pipeline: Pipeline) -> None:
    pipeline.create()
    pipeline.broken = {"lint"}
    execution = pipeline.run()
    pipeline.broken = set()
    assert pipeline.retry(execution, "Build") == execution
    assert pipeline.wait(execution) == "Succeeded"
    assert sorted(pipeline.ran) == ["Release", "lint", "lint", "unit"]
    assert pipeline.states_of(execution, "Build") == [
        ("STARTED", 1.0),
        ("FAILED", 1.0),
        ("RESUMED", 2.0),
        ("SUCCEEDED", 2.0),
    ]
    assert pipeline.states_of(execution, "Deploy") == [("STARTED", 2.0), ("SUCCEEDED", 2.0)]
    assert [event["state"] for event in pipeline.bus.of(PIPELINE_EVENT)] == [
        "STARTED",
        "FAILED",
        "RESUMED",
        "SUCCEEDED",
    ]
    assert pipeline.stage("Build")["retryStageMetadata"] == {
        "manualStageRetryAttempt": 1,
        "latestRetryTrigger": "ManualStageRetry",
    }


def test_all_actions_of_a_stage_are_retried_on_request(pipeline: Pipeline) -> None:
    pipeline.create()
    pipeline.broken = {"lint"}
    execution = pipeline.run()
    pipeline.retry(execution, "Build", "ALL_ACTIONS")
    assert pipeline.wait(execution) == "Failed"
    assert sorted(pipeline.ran) == ["lint", "lint", "unit", "unit"]


def test_a_stage_in_progress_is_not_retried_once_more(pipeline: Pipeline) -> None:
    pipeline.create()
    pipeline.broken = {"Release"}
    execution = pipeline.run()
    pipeline.held.clear()
    pipeline.retry(execution)
    message = refused("StageNotRetryableException", pipeline.retry, execution)
    assert message == "Stage Deploy has no failed actions, or is in progress"
    pipeline.held.set()
    pipeline.wait(execution)
    assert pipeline.ran.count("Release") == 2


def test_what_cannot_be_retried_is_refused_by_its_reason(pipeline: Pipeline) -> None:
    pipeline.create()
    good = pipeline.run()
    refused("StageNotRetryableException", pipeline.retry, good)
    refused("StageNotFoundException", pipeline.retry, good, "Lunch")
    pipeline.broken = {"Release"}
    failed = pipeline.run()
    refused("NotLatestPipelineExecutionException", pipeline.retry, good)
    pipeline.call("UpdatePipeline", pipeline=declaration())
    assert "structure has changed" in refused("StageNotRetryableException", pipeline.retry, failed)


def test_a_rolled_back_stage_runs_the_target_s_revisions_in_an_execution_of_its_own(
    pipeline: Pipeline,
) -> None:
    pipeline.create()
    good = pipeline.run()
    pipeline.broken = {"Release"}
    bad = pipeline.run()
    pipeline.broken = set()
    rollback = pipeline.roll_back(good)
    assert pipeline.wait(rollback) == "Succeeded"
    detail = pipeline.detail(rollback)
    assert detail["executionType"] == "ROLLBACK"
    assert detail["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good}
    assert detail["trigger"]["triggerType"] == "ManualRollback"
    assert [item["revisionId"] for item in detail["artifactRevisions"]] == ["commit-1"]
    assert sorted(pipeline.ran) == sorted(["unit", "lint", "Release"] * 2 + ["Release"])
    assert pipeline.stage("Deploy")["latestExecution"] == {
        "pipelineExecutionId": rollback,
        "status": "Succeeded",
        "type": "ROLLBACK",
    }
    assert pipeline.stage("Build")["latestExecution"]["pipelineExecutionId"] == bad


def test_what_cannot_be_rolled_back_is_refused_by_its_reason(pipeline: Pipeline) -> None:
    pipeline.create()
    good = pipeline.run()
    pipeline.broken = {"Release"}
    bad = pipeline.run()
    pipeline.broken = set()
    rollback = pipeline.roll_back(good)
    pipeline.wait(rollback)
    unable = "UnableToRollbackStageException"
    assert "source stage" in refused(unable, pipeline.roll_back, good, "Source")
    assert "itself a rollback" in refused(unable, pipeline.roll_back, rollback)
    assert "did not succeed" in refused(unable, pipeline.roll_back, bad)
    refused("PipelineExecutionNotFoundException", pipeline.roll_back, "0" * 8 + "-0000-0000-0000-" + "0" * 12)
    pipeline.held.clear()
    running = pipeline.roll_back(good)
    assert "currently running" in refused(unable, pipeline.roll_back, good)
    pipeline.held.set()
    pipeline.wait(running)
    pipeline.call("UpdatePipeline", pipeline=declaration())
    assert "structure has changed" in refused(unable, pipeline.roll_back, good)


def test_the_candidates_for_a_rollback_can_be_listed(pipeline: Pipeline) -> None:
    pipeline.create()
    old = pipeline.run()
    pipeline.call("UpdatePipeline", pipeline=declaration())
    good = pipeline.run()
    pipeline.broken = {"Release"}
    bad = pipeline.run()
    wanted = {"succeededInStage": {"stageName": "Deploy"}}
    assert [item["pipelineExecutionId"] for item in pipeline.summaries(filter=wanted)] == [good]
    assert [item["pipelineExecutionId"] for item in pipeline.summaries()] == [bad, good, old]


def test_a_held_stage_lets_an_execution_in_when_it_is_let_go(pipeline: Pipeline) -> None:
    pipeline.create()
    way = {"pipelineName": "shop", "stageName": "Deploy", "transitionType": "Inbound"}
    pipeline.call("DisableStageTransition", **way, reason="error rate")
    execution = pipeline.begin()
    waiting = until(lambda: pipeline.stage("Deploy").get("inboundExecutions"))
    assert [item["pipelineExecutionId"] for item in waiting] == [execution]
    transition = pipeline.stage("Deploy")["inboundTransitionState"]
    assert (transition["enabled"], transition["disabledReason"]) == (False, "error rate")
    assert transition["lastChangedBy"].endswith(":root") and transition["lastChangedAt"]
    assert "Release" not in pipeline.ran
    pipeline.call("EnableStageTransition", **way)
    assert pipeline.wait(execution) == "Succeeded"
    assert pipeline.stage("Deploy")["inboundTransitionState"]["enabled"] is True


def test_the_way_out_of_a_stage_is_the_way_into_the_next(pipeline: Pipeline) -> None:
    pipeline.create()
    names = {"pipelineName": "shop", "transitionType": "Outbound", "reason": "x"}
    pipeline.call("DisableStageTransition", **names, stageName="Build")
    assert pipeline.stage("Deploy")["inboundTransitionState"]["enabled"] is False
    with pytest.raises(ServiceError, match="no Outbound transition"):
        pipeline.call("DisableStageTransition", **names, stageName="Deploy")


@pytest.mark.parametrize(("mode", "middle"), [("SUPERSEDED", "Superseded"), ("QUEUED", "Succeeded")])
def test_who_waits_before_a_stage_is_superseded_or_keeps_its_place(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, mode: str, middle: str
) -> None:
    pipeline.create(executionMode=mode)
    way = {"pipelineName": "shop", "stageName": "Deploy", "transitionType": "Inbound"}
    pipeline.call("DisableStageTransition", **way, reason="wait")
    first = pipeline.begin()
    until(lambda: pipeline.stage("Deploy").get("inboundExecutions"))
    tell_late(monkeypatch)
    last = pipeline.begin()
    both = until(lambda: [item for item in pipeline.stage("Deploy")["inboundExecutions"] if _is(item, last)])
    assert both
    pipeline.call("EnableStageTransition", **way)
    assert pipeline.wait(last) == "Succeeded"
    assert pipeline.wait(first) == middle
    if middle == "Superseded":
        assert [e["state"] for e in pipeline.bus.of(PIPELINE_EVENT) if e["execution-id"] == first] == [
            "STARTED",
            "SUPERSEDED",
        ]


def _is(item: Json, execution: str) -> bool:
    return bool(item["pipelineExecutionId"] == execution)


def test_a_native_retry_comes_once(pipeline: Pipeline) -> None:
    retrying = {"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}
    pipeline.create(on_failure=retrying)
    pipeline.broken = {"Release"}
    execution = pipeline.run()
    assert pipeline.ran.count("Release") == 2
    assert [state for state, _ in pipeline.states_of(execution, "Deploy")] == [
        "STARTED",
        "FAILED",
        "RESUMED",
        "FAILED",
    ]
    assert pipeline.stage("Deploy")["retryStageMetadata"] == {
        "autoStageRetryAttempt": 1,
        "latestRetryTrigger": "AutomatedStageRetry",
    }


def test_a_native_rollback_goes_to_the_last_execution_that_succeeded(pipeline: Pipeline) -> None:
    pipeline.create(on_failure={"result": "ROLLBACK"})
    good = pipeline.run()
    pipeline.broken = {"Release"}
    bad = pipeline.run()
    rollback = until(lambda: [item for item in pipeline.summaries() if item["executionType"] == "ROLLBACK"])[
        0
    ]
    assert rollback["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": bad}
    assert rollback["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good}
    assert pipeline.wait(rollback["pipelineExecutionId"]) == "Failed"
    # One that fails itself is not rolled back.
    assert len(pipeline.summaries()) == 3


def test_without_anything_to_go_back_to_there_is_no_native_rollback(pipeline: Pipeline) -> None:
    pipeline.create(on_failure={"result": "ROLLBACK"})
    pipeline.broken = {"Release"}
    pipeline.run()
    assert len(pipeline.summaries()) == 1


@pytest.mark.parametrize(
    ("changes", "code", "complaint"),
    [
        ({"executionMode": "PARALLEL"}, "InvalidStructureException", "offers SUPERSEDED and QUEUED"),
        (
            {"on_failure": {"result": "ROLLBACK"}, "pipelineType": "V1"},
            "InvalidStageDeclarationException",
            "V2",
        ),
        ({"on_failure": {"result": "SKIP"}}, "InvalidStageDeclarationException", "ROLLBACK and RETRY only"),
    ],
)
def test_a_declaration_that_cannot_be_run_is_refused(
    pipeline: Pipeline, changes: Json, code: str, complaint: str
) -> None:
    with pytest.raises(ServiceError, match=complaint) as caught:
        pipeline.create(**changes)
    assert caught.value.code == code


def test_a_pipeline_s_tags_are_those_of_its_stages(pipeline: Pipeline) -> None:
    tags = [{"key": "selfheal", "value": "enabled"}]
    pipeline.call("CreatePipeline", pipeline=declaration(), tags=tags)
    names = {"pipelineName": "shop", "stageName": "Deploy", "targetPipelineExecutionId": "0" * 8}
    (stage,) = pipeline.resources("RollbackStage", **names)
    assert stage == "arn:aws:codepipeline:us-east-1:000000000000:shop/Deploy"
    assert pipeline.service.tags(stage) == {"selfheal": "enabled"}
    arn = stage.rpartition("/")[0]
    pipeline.call("TagResource", resourceArn=arn, tags=[{"key": "owner", "value": "web"}])
    pipeline.call("UntagResource", resourceArn=arn, tagKeys=["selfheal"])
    assert pipeline.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "owner", "value": "web"}]
