"""The handler that watches deployments, driven by its sample events with in-memory ports."""

import json
from datetime import timedelta

import pytest

from selfheal import runtime as runtime_module
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import PipelineKey, RunRef, RunStatus
from selfheal.runtime import Runtime
from selfheal.settings import Settings
from selfheal.testing.actions import MemoryActions
from selfheal.testing.alarms import MemoryAlarms, MemoryHarms
from selfheal.testing.builders import NOON, a_measurement, a_run
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.memory import MemoryBus, MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.stages import FakeStages
from tests.unit.test_functions import invoke, sample

POLICY = '[[watch]]\nalarms = ["shop-*"]\npipeline = "codedeploy:shop/prod"\n'


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A runtime whose every port is in memory and whose policy has a watch."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Selfheal")
    watching, service = Runtime(Settings({})), FakeService()
    vars(watching).update(
        clock=FixedClock(),
        policy=parse_policy(POLICY, frozenset()),
        reader=service,
        reports=service,
        stages=FakeStages(),
        logs=service,
        alarm_reader=MemoryAlarms(),
        harms=MemoryHarms(),
        runs=MemoryRuns(),
        actions=MemoryActions(),
        failures=MemoryFailures(),
        incidents=MemoryIncidents(),
        ledger=MemoryLedger(),
        bus=MemoryBus(),
    )
    monkeypatch.setattr(runtime_module, "runtime", watching)
    return watching


def test_watch_deployment_and_diagnose_what_it_found(
    watching: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    prod = PipelineKey.parse("codedeploy:shop/prod")
    vars(watching)["alarm_reader"].ring("shop-prod-5xx", NOON + timedelta(minutes=2))
    vars(watching)["clock"].advance(300)
    assert invoke("watch_deployment", sample("cloudwatch_alarm")) == {"incidents": []}
    vars(watching)["reader"].add(a_run(ref=RunRef(prod, "d-EXAMPLE02"), status=RunStatus.SUCCEEDED))
    watching.runs.save(a_measurement("d-EXAMPLE02", pipeline=prod))
    (incident_id,) = invoke("watch_deployment", sample("watch_deployment"))["incidents"]
    assert invoke("watch_deployment", sample("cloudwatch_alarm")) == {"incidents": [incident_id]}
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [(line["AlarmsUnblamed"], line["alarm"]) for line in counted] == [([1.0], "shop-prod-5xx")]
    request = {"incident_id": incident_id, "run_id": "d-EXAMPLE02", "pipeline": str(prod), "kind": "harmful"}
    diagnosis = invoke("diagnose_failure", request)
    assert (diagnosis["cause"], diagnosis["source"]) == ("deploy_failure", "alarm")
    assert "shop-prod-5xx went off 1 min after" in diagnosis["summary"]


def test_watch_deployment_without_an_alarms_name_says_so(watching: Runtime) -> None:
    with pytest.raises(InvalidEvent, match=r"detail\.alarmName"):
        invoke("watch_deployment", {"detail-type": "CloudWatch Alarm State Change", "detail": {}})
