"""Each handler, driven by its sample event with in-memory ports: decode, one step, encode."""

import importlib.util
import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from selfheal import runtime as runtime_module
from selfheal.domain.errors import (
    InvalidEvent,
    InvalidSetting,
    RunNotFound,
    Throttled,
)
from selfheal.domain.incident import Incident, IncidentKind, Lineage
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import PipelineKey, RunRef, RunStatus
from selfheal.domain.score import Level, Score
from selfheal.measure_ports import Utilisation
from selfheal.remedies.registry import catalogue
from selfheal.runtime import Runtime
from selfheal.settings import Settings
from selfheal.testing.actions import MemoryActions, MemorySwitch
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.approvals import ACCOUNT, FakeIdentities, MemoryApprovals, MemoryDecisions
from selfheal.testing.builders import NOON, a_measurement, a_run
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.labels import MemoryLabels
from selfheal.testing.memory import (
    MemoryBus,
    MemoryIncidents,
    MemoryLake,
    MemoryLedger,
    MemoryQuarantine,
    MemoryQueue,
    MemoryRuns,
    MemoryTokenBudget,
)
from selfheal.testing.models import MemoryModels
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.stages import FakeStages
from selfheal.testing.standings import MemoryStandings
from selfheal.testing.toolbox import fake_tools
from selfheal.testing.tracks import MemoryTracks
from selfheal.testing.vain import MemoryVain
from selfheal.testing.waiters import MemoryWaiters

ROOT = Path(__file__).parents[2]
SHOP_API = PipelineKey.parse("codebuild:shop-api")
ENVIRONMENT = {
    "SELFHEAL_MODE": "act",
    "SELFHEAL_ACTOR": "execute-action",
    "SELFHEAL_RECONCILE_MINUTES": "15",
    "SELFHEAL_ALERT_BUDGET": "5",
    "SELFHEAL_ANOMALY_MIN_SECONDS": "10",
    "SELFHEAL_PIPELINE_METRICS": "all",
    "SELFHEAL_APPROVAL_SECONDS": "14400",
    "SELFHEAL_STACK": "selfheal",
    "SELFHEAL_TABLE": "table",
    "SELFHEAL_ACCOUNT": ACCOUNT,
}
POLICY = '[[rule]]\npipelines = ["*"]\ncauses = ["*"]\nremedies = ["*"]\nmode = "act"\n'


def sample(name: str) -> Any:
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


RUN = RunRef(SHOP_API, sample("diagnose_failure")["run_id"])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The world of the sample events."""
    return a_world(monkeypatch)


def a_world(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A runtime whose every port is in memory, with the failed build of the sample events in it."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Selfheal")
    world = Runtime(Settings(ENVIRONMENT))
    clock, service, bus, waiters = FixedClock(), FakeService(), MemoryBus(), MemoryWaiters()
    service.add(a_run(ref=RUN), "npm ERR! network request failed: ECONNRESET")
    vars(world).update(
        clock=clock,
        reader=service,
        reports=service,
        stages=FakeStages(),
        metrics=service,
        logs=service,
        log_sizes=service,
        deployment_steps=service,
        tools=fake_tools(service),
        finished=service,
        lake=MemoryLake(),
        models=MemoryModels(),
        quarantine=MemoryQuarantine(),
        runs=MemoryRuns(),
        harms=MemoryHarms(),
        alarm_reader=MemoryAlarms(),
        standings=MemoryStandings(),
        incidents=MemoryIncidents(),
        ledger=MemoryLedger(),
        actions=(actions := MemoryActions()),
        breakers=actions,
        switch=MemorySwitch(),
        identities=FakeIdentities(),
        **memories(),
        waiters=waiters,
        resumer=waiters,
        bus=bus,
        notifier=bus,
        queue=MemoryQueue(),
        model=None,
        token_budget=MemoryTokenBudget(),
        policy=parse_policy(POLICY, frozenset(remedy.id for remedy in catalogue())),
    )
    world.incidents.open(the_incident())
    monkeypatch.setattr(runtime_module, "runtime", world)
    return world


def memories() -> dict[str, object]:
    """What is remembered of failures and remedies, decided and answered."""
    of_failures = {"failures": MemoryFailures(), "labels": MemoryLabels(), "vain": MemoryVain()}
    decided = {"decisions": MemoryDecisions(), "approvals": MemoryApprovals(), "tracks": MemoryTracks()}
    return {**of_failures, **decided}


def the_incident() -> Incident:
    """That of the sample events."""
    lineage = Lineage(SHOP_API, "0123456789abcdef0123456789abcdef01234567")
    score = Score(0.0, ready=False, level=Level.NONE)
    incident_id = sample("diagnose_failure")["incident_id"]
    return Incident(incident_id, RUN, IncidentKind.FAILED, lineage, NOON, score)


def invoke(function: str, event: Any) -> Any:
    path = ROOT / "functions" / function / "app.py"
    spec = importlib.util.spec_from_file_location(f"functions.{function}.app", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = SimpleNamespace(
        function_name=function,
        memory_limit_in_mb=256,
        invoked_function_arn=f"arn:aws:lambda:us-east-1:111122223333:function:{function}",
        aws_request_id="request",
        get_remaining_time_in_millis=lambda: 30000,
    )
    answer = module.handler(event, context)
    return json.loads(json.dumps(answer))


def test_ingest_run(world: Runtime) -> None:
    assert invoke("ingest_run", sample("ingest_run")) == {"batchItemFailures": []}
    assert world.runs.get(RUN.run_id) is not None


def test_ingest_run_hands_back_only_what_is_bad(world: Runtime) -> None:
    good = sample("ingest_run")["Records"][0]
    bad = [
        {**good, "messageId": "not-json", "body": "{"},
        {**good, "messageId": "no-detail", "body": '{"detail-type": "CodeBuild Build State Change"}'},
        {**good, "messageId": "deep", "body": "[" * 100_000},
        {**good, "messageId": "unknown", "body": '{"detail-type": "Something", "detail": {}}'},
    ]
    answer = invoke("ingest_run", {"Records": [bad[0], good, *bad[1:]]})
    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == [
        "not-json",
        "no-detail",
        "deep",
        "unknown",
    ]
    assert world.runs.get(RUN.run_id) is not None


def test_ingest_run_writes_metrics_of_the_pipeline(
    world: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    invoke("ingest_run", sample("ingest_run"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert lines[0]["Pipeline"] == "codebuild:shop-api"
    assert lines[0]["RunDuration"] == [60.0] and lines[0]["RunFailed"] == [1.0]
    assert lines[0]["StorageReadRate"] == [1e6] and lines[0]["phases"] == {"INSTALL": 10.0}


@pytest.mark.parametrize(
    ("wanted", "written", "known"),
    [("few", ["RunDuration", "RunFailed"], True), ("none", [], False)],
)
def test_few_metrics_cost_less_and_none_cost_nothing(
    world: Runtime, capsys: pytest.CaptureFixture[str], wanted: str, written: list[str], known: bool
) -> None:
    vars(world)["settings"] = Settings({**ENVIRONMENT, "SELFHEAL_PIPELINE_METRICS": wanted})
    invoke("ingest_run", sample("ingest_run"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    names = [each["Name"] for line in lines for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert names == written
    assert any(line.get("StorageReadRate") == 1e6 for line in lines) is known


def test_an_unknown_choice_of_metrics_is_refused_by_name(world: Runtime) -> None:
    vars(world)["settings"] = Settings({**ENVIRONMENT, "SELFHEAL_PIPELINE_METRICS": "some"})
    with pytest.raises(InvalidSetting, match=r"SELFHEAL_PIPELINE_METRICS.*all, few, none"):
        _ = world.pipeline_metrics


def test_ingest_run_writes_late_metrics_alone_and_counts_the_quarantined(
    world: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    service, clock = vars(world)["reader"], vars(world)["clock"]
    service.use = Utilisation(50.0)
    invoke("ingest_run", sample("ingest_run"))
    service.use = Utilisation(50.0, 25.0)
    clock.advance(1800)
    invoke("ingest_run", sample("ingest_run"))
    world.runs.stored.clear()  # type: ignore[attr-defined]
    service.add(a_run(ref=RUN, ended_at=NOON - timedelta(hours=1)))
    assert invoke("ingest_run", sample("ingest_run")) == {"batchItemFailures": []}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert ["RunDuration" in line for line in lines] == [True, False, False]
    assert lines[1]["MemoryPercent"] == [25.0] and "CpuPercent" not in lines[1]
    assert lines[2]["RunsQuarantined"] == [1.0] and "Pipeline" not in lines[2]
    assert (lines[2]["pipeline"], lines[2]["run_id"]) == ("codebuild:shop-api", RUN.run_id)


def test_ingest_run_hands_the_whole_batch_back_when_the_lake_is_away(world: Runtime) -> None:
    class Away(MemoryLake):
        def put(self, measurements: Any) -> list[str]:
            raise Throttled("s3:PutObject: SlowDown")

    vars(world)["lake"] = Away()
    event = sample("ingest_run")
    failed = invoke("ingest_run", event)["batchItemFailures"]
    assert [item["itemIdentifier"] for item in failed] == [event["Records"][0]["messageId"]]
    assert world.bus.published == []  # type: ignore[attr-defined]


def test_score_run(world: Runtime) -> None:
    world.runs.save(a_measurement(RUN.run_id, RunStatus.FAILED, pipeline=SHOP_API))
    assert invoke("score_run", sample("score_run"))["ready"] is False


def test_score_run_without_a_detail_names_it(world: Runtime) -> None:
    with pytest.raises(InvalidEvent, match="RunMeasured"):
        invoke("score_run", {})


def test_diagnose_failure(world: Runtime) -> None:
    diagnosis = invoke("diagnose_failure", sample("diagnose_failure"))
    assert diagnosis["cause"] == "network" and diagnosis["evidence"]


def test_diagnose_failure_of_a_build_that_is_gone(world: Runtime) -> None:
    vars(world)["reader"] = FakeService()
    with pytest.raises(RunNotFound):
        invoke("diagnose_failure", sample("diagnose_failure"))


def test_suggest_remedy(world: Runtime) -> None:
    suggestion = invoke("suggest_remedy", sample("suggest_remedy"))
    assert (suggestion["origin"], suggestion["remedy"]) == ("catalogue", "retry_build")


def test_decide_and_execute(world: Runtime) -> None:
    decision = invoke("decide_action", sample("decide_action"))
    assert decision["verdict"] == "act"
    request = {**sample("execute_action"), "policy_version": decision["policy_version"]}
    action = invoke("execute_action", request)
    assert (action["status"], action["new_run_id"]) == ("started", "shop-api:again-1")


def test_execute_action_refuses_what_was_not_decided(world: Runtime) -> None:
    with pytest.raises(InvalidEvent, match="not the action that was decided"):
        invoke("execute_action", sample("execute_action"))


def test_execute_action_refuses_text_of_a_log(world: Runtime) -> None:
    with pytest.raises(InvalidEvent, match="diagnosis"):
        invoke("execute_action", {**sample("execute_action"), "diagnosis": "retry, says the log"})


def test_await_outcome(world: Runtime) -> None:
    assert invoke("await_outcome", sample("await_outcome")) == {"ended": False}


def test_record_outcome_notify_and_escalate(world: Runtime) -> None:
    assert invoke("record_outcome", sample("record_outcome"))["status"] == "healed"
    assert invoke("notify", sample("notify")) == {"subject": "codebuild:shop-api healed (network)"}
    assert "DiagnoseFailure" in invoke("escalate", sample("escalate"))["subject"]


def test_reconcile_runs(world: Runtime) -> None:
    assert invoke("reconcile_runs", sample("reconcile_runs")) == {"queued": [RUN.run_id]}
