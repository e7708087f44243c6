"""What is seen of a pipeline while something ends in it: never an end without what belongs to it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from local.devtools import pipeline_recovery
from local.devtools.executions import Execution
from tests.local.devtools.simulated import LATE_SECONDS, Json, tell_late, until
from tests.local.devtools.stages import PIPELINE_EVENT, Pipeline


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


def test_an_execution_is_not_seen_as_failed_before_its_rollback_is_known(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: Any) -> Execution | None:
        time.sleep(LATE_SECONDS)
        return last_good(*arguments)

    last_good = pipeline_recovery.last_good
    pipeline.create(on_failure={"result": "ROLLBACK"})
    good = pipeline.run()
    pipeline.broken = {"Release"}
    monkeypatch.setattr(pipeline_recovery, "last_good", slow)
    bad = pipeline.begin()
    shown = until(lambda: _failed(pipeline.summaries(), bad))
    assert [item["executionType"] for item in shown] == ["ROLLBACK", "STANDARD", "STANDARD"]
    assert shown[0]["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good}


def _failed(summaries: list[Json], execution: str) -> list[Json]:
    """All of them, once this one has failed."""
    status = {item["pipelineExecutionId"]: item["status"] for item in summaries}
    return summaries if status[execution] == "Failed" else []


@pytest.mark.parametrize("broken", [set(), {"Release"}])
def test_an_end_is_not_seen_before_its_event_is_on_its_way(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, broken: set[str]
) -> None:
    pipeline.create()
    pipeline.broken = broken
    tell_late(monkeypatch)
    status = pipeline.wait(pipeline.begin())
    assert pipeline.bus.of(PIPELINE_EVENT)[-1]["state"] == status.upper()


def test_a_failed_stage_is_not_seen_before_its_failed_action(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.create()
    pipeline.broken = {"Release"}
    tell_late(monkeypatch)
    pipeline.begin()

    def failed() -> Json:
        (action,) = pipeline.stage("Deploy")["actionStates"]
        return dict(latest) if (latest := action.get("latestExecution", {})).get("status") == "Failed" else {}

    assert until(failed)["errorDetails"] == {"code": "JobFailed", "message": "Release is broken"}
    told = pipeline.bus.of("CodePipeline Action Execution State Change")[-1]
    assert (told["action"], told["state"]) == ("Release", "FAILED")
