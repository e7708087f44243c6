from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.codepipeline import CodePipelineReader
from selfheal.domain.errors import InvalidEvent, RunNotFound, ServiceUnavailable
from selfheal.domain.run import Phase, PipelineKey, RunRef, RunStatus, Service
from selfheal.wire import run_ref

Scripted = Callable[[str], tuple[Any, Stubber]]
START = datetime(2026, 1, 15, 12, tzinfo=UTC)
EXECUTION = "11111111-2222-3333-4444-555555555555"


def an_action(
    stage: str, name: str, at: int, status: str = "Succeeded", provider: str = "CodeBuild", **result: Any
) -> dict[str, Any]:
    """An action that starts ``at`` seconds after START and takes ten."""
    start = START + timedelta(seconds=at)
    return {
        "pipelineExecutionId": EXECUTION,
        "stageName": stage,
        "actionName": name,
        "startTime": start,
        "lastUpdateTime": start + timedelta(seconds=10),
        "status": status,
        "input": {
            "actionTypeId": {"category": "Build", "owner": "AWS", "provider": provider, "version": "1"}
        },
        "output": {"executionResult": result},
    }


def a_failed_build(at: int, build_id: str = "shop:0a1b") -> dict[str, Any]:
    error = {"code": "JobFailed", "message": "Build terminated with state: FAILED"}
    return an_action("Build", "Compile", at, "Failed", externalExecutionId=build_id, errorDetails=error)


def read(
    scripted: Scripted, stage: str, attempt: int, *actions: dict[str, Any], kind: str = "STANDARD"
) -> Any:
    client, stubber = scripted("codepipeline")
    request = {"pipelineName": "shop", "filter": {"pipelineExecutionId": EXECUTION}}
    newest_first = list(reversed(actions))
    first = {"actionExecutionDetails": newest_first[:1], "nextToken": "more"}
    stubber.add_response("list_action_executions", first, request)
    rest = {"actionExecutionDetails": newest_first[1:]}
    stubber.add_response("list_action_executions", rest, request | {"nextToken": "more"})
    details = {
        "pipelineExecutionId": EXECUTION,
        "executionType": kind,
        "artifactRevisions": [{"name": "Source", "revisionId": "c0ffee"}],
        "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": "developer"},
    }
    reply = {"pipelineExecution": details}
    stubber.add_response(
        "get_pipeline_execution", reply, {"pipelineName": "shop", "pipelineExecutionId": EXECUTION}
    )
    return CodePipelineReader(client).read(a_ref(stage, attempt))


def a_ref(stage: str, attempt: int) -> RunRef:
    key = PipelineKey(Service.CODEPIPELINE, f"shop/{stage}")
    return RunRef(key, f"shop/{stage}/{EXECUTION}/{attempt}")


SOURCE = an_action("Source", "Checkout", 0, provider="CodeCommit", externalExecutionId="c0ffee")


@pytest.mark.parametrize(("kind", "rolls_back"), [("STANDARD", False), ("ROLLBACK", True)])
def test_a_stage_tells_whether_it_goes_back(scripted: Scripted, kind: str, rolls_back: bool) -> None:
    deploy = an_action("Deploy", "Ship", 0, provider="CodeDeploy")
    assert read(scripted, "Deploy", 1, deploy, kind=kind).rolls_back is rolls_back


def test_a_failed_stage_is_covered_by_its_build(scripted: Scripted) -> None:
    lint = an_action("Build", "Lint", 20)
    run = read(scripted, "Build", 1, SOURCE, lint, a_failed_build(25))
    assert run.ref == a_ref("Build", 1)
    assert run.status is RunStatus.FAILED
    assert run.covered_by == "shop:0a1b"
    assert run.started_at == START + timedelta(seconds=20)
    assert run.duration_seconds == 15
    assert run.phases == (
        Phase("Lint", "Succeeded", 10.0),
        Phase("Compile", "Failed", 10.0, "JobFailed", "Build terminated with state: FAILED"),
    )
    assert run.failed_phase == run.phases[1]
    assert (run.source_version, run.initiator) == ("c0ffee", "developer")


@pytest.mark.parametrize("provider", ["CodeDeploy", "CodeDeployToECS"])
def test_a_failed_stage_is_covered_by_its_deployment(scripted: Scripted, provider: str) -> None:
    """One failure is one incident, and so one rollback."""
    deploy = an_action("Deploy", "Prod", 20, "Failed", provider=provider, externalExecutionId="d-1")
    assert read(scripted, "Deploy", 1, SOURCE, deploy).covered_by == "d-1"


@pytest.mark.parametrize("provider", ["CloudFormation", "ECS", "Manual"])
def test_a_failed_action_of_another_provider_covers_nothing(scripted: Scripted, provider: str) -> None:
    deploy = an_action("Deploy", "Prod", 20, "Failed", provider=provider, externalExecutionId="d-1")
    assert read(scripted, "Deploy", 1, SOURCE, deploy).covered_by == ""


def test_a_deployment_that_never_began_covers_nothing(scripted: Scripted) -> None:
    deploy = an_action("Deploy", "Prod", 20, "Failed", provider="CodeDeploy")
    assert read(scripted, "Deploy", 1, SOURCE, deploy).covered_by == ""


@pytest.mark.parametrize(
    ("attempt", "status", "phases", "covered_by"),
    [
        (1, RunStatus.FAILED, ["Lint", "Compile"], "shop:0a1b"),
        (2, RunStatus.SUCCEEDED, ["Compile"], ""),
    ],
)
def test_each_attempt_is_a_run_of_its_own(
    scripted: Scripted, attempt: int, status: RunStatus, phases: list[str], covered_by: str
) -> None:
    lint = an_action("Build", "Lint", 20)
    again = an_action("Build", "Compile", 50, externalExecutionId="shop:9z")
    run = read(scripted, "Build", attempt, SOURCE, lint, a_failed_build(25), again)
    assert (run.status, run.covered_by) == (status, covered_by)
    assert [phase.name for phase in run.phases] == phases


@pytest.mark.parametrize("attempt", [0, 1, 2, 3])
def test_a_stage_after_a_retried_one_is_found_whatever_its_attempt_is_called(
    scripted: Scripted, attempt: int
) -> None:
    again = an_action("Build", "Compile", 50)
    deploy = an_action("Deploy", "Prod", 70, provider="CodeDeploy")
    run = read(scripted, "Deploy", attempt, SOURCE, a_failed_build(25), again, deploy)
    assert [phase.name for phase in run.phases] == ["Prod"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["Succeeded", "Succeeded"], RunStatus.SUCCEEDED),
        (["Failed", "InProgress"], RunStatus.IN_PROGRESS),
        (["Failed", "Abandoned"], RunStatus.FAILED),
        (["Succeeded", "Abandoned"], RunStatus.STOPPED),
    ],
)
def test_a_stage_is_what_its_actions_add_up_to(
    scripted: Scripted, statuses: list[str], expected: RunStatus
) -> None:
    actions = [an_action("Build", f"step-{n}", n, status) for n, status in enumerate(statuses)]
    run = read(scripted, "Build", 1, *actions)
    assert run.status is expected
    assert (run.ended_at is None) is (expected is RunStatus.IN_PROGRESS)
    assert [phase.seconds is None for phase in run.phases] == [status == "InProgress" for status in statuses]


@pytest.mark.parametrize(
    ("code", "what"),
    [("PipelineNotFoundException", "shop"), ("PipelineExecutionNotFoundException", EXECUTION)],
)
def test_what_codepipeline_forgot_is_not_found(scripted: Scripted, code: str, what: str) -> None:
    client, stubber = scripted("codepipeline")
    stubber.add_client_error("list_action_executions", code)
    with pytest.raises(RunNotFound, match=f"^{what}: "):
        CodePipelineReader(client).read(a_ref("Build", 1))


def test_a_stage_that_ran_nothing_is_not_found(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    stubber.add_response("list_action_executions", {"actionExecutionDetails": [SOURCE]})
    with pytest.raises(RunNotFound, match="ran no action"):
        CodePipelineReader(client).read(a_ref("Build", 1))


def test_a_service_that_fails_on_a_later_page_is_worth_another_attempt(scripted: Scripted) -> None:
    client, stubber = scripted("codepipeline")
    page = {"actionExecutionDetails": [SOURCE], "nextToken": "more"}
    stubber.add_response("list_action_executions", page)
    stubber.add_client_error("list_action_executions", "InternalFailure", http_status_code=500)
    with pytest.raises(ServiceUnavailable):
        CodePipelineReader(client).read(a_ref("Source", 1))


@pytest.mark.parametrize(("told", "number"), [(0.0, 1), (1.0, 1), (2, 2)])
def test_an_event_that_counts_from_0_names_the_same_run_as_one_that_counts_from_1(
    told: float, number: int
) -> None:
    detail = {"pipeline": "shop", "stage": "Build", "execution-id": EXECUTION, "state": "FAILED"}
    event = {
        "detail-type": "CodePipeline Stage Execution State Change",
        "detail": detail | {"pipeline-execution-attempt": told},
    }
    assert run_ref(event) == a_ref("Build", number)


@pytest.mark.parametrize("run_id", ["shop", "shop/Build/x", "shop/Build/x/one", "shop/Build/x/1/2"])
def test_a_malformed_run_id_is_refused_by_name(scripted: Scripted, run_id: str) -> None:
    client, _ = scripted("codepipeline")
    with pytest.raises(InvalidEvent, match="run_id"):
        CodePipelineReader(client).read(RunRef(a_ref("Build", 1).key, run_id))
