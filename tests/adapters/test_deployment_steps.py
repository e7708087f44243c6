from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.deployment_steps import TARGETS, CodeDeploySteps
from selfheal.domain.errors import RequestRejected, Throttled

Scripted = Callable[[str], tuple[Any, Stubber]]
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


def an_event(name: str, seconds: float | None, status: str = "Succeeded") -> dict[str, Any]:
    event = {"lifecycleEventName": name, "status": status, "startTime": START}
    return event if seconds is None else event | {"endTime": START + timedelta(seconds=seconds)}


def seconds_of(scripted: Scripted, *targets: dict[str, Any]) -> dict[str, float]:
    client, stubber = scripted("codedeploy")
    ids = [f"i-{n}" for n in range(len(targets))]
    stubber.add_response("list_deployment_targets", {"targetIds": ids}, {"deploymentId": "d-1"})
    if targets:
        request = {"deploymentId": "d-1", "targetIds": ids}
        stubber.add_response("batch_get_deployment_targets", {"deploymentTargets": list(targets)}, request)
    return CodeDeploySteps(client).seconds_of("d-1")


def an_instance(*events: dict[str, Any]) -> dict[str, Any]:
    return {"deploymentTargetType": "InstanceTarget", "instanceTarget": {"lifecycleEvents": list(events)}}


def test_of_each_step_the_slowest_target_counts(scripted: Scripted) -> None:
    quick = an_instance(an_event("BeforeInstall", 1.5), an_event("AfterInstall", 30.0))
    slow = an_instance(an_event("BeforeInstall", 2.5), an_event("AfterInstall", 20.0))
    assert seconds_of(scripted, quick, slow) == {"BeforeInstall": 2.5, "AfterInstall": 30.0}


def test_a_step_that_failed_or_never_ended_says_nothing_about_normal(scripted: Scripted) -> None:
    target = an_instance(
        an_event("ApplicationStop", 1.0), an_event("BeforeInstall", 9.0, "Failed"), an_event("Install", None)
    )
    assert seconds_of(scripted, target) == {"ApplicationStop": 1.0}


@pytest.mark.parametrize("member", ["lambdaTarget", "ecsTarget", "cloudFormationTarget"])
def test_every_platform_has_steps(scripted: Scripted, member: str) -> None:
    target = {"deploymentTargetType": "X", member: {"lifecycleEvents": [an_event("AllowTraffic", 600.0)]}}
    assert seconds_of(scripted, target) == {"AllowTraffic": 600.0}


def test_a_deployment_without_targets_has_no_steps(scripted: Scripted) -> None:
    assert seconds_of(scripted) == {}


def test_of_a_large_fleet_as_many_are_looked_at_as_one_call_takes(scripted: Scripted) -> None:
    client, stubber = scripted("codedeploy")
    ids = [f"i-{n}" for n in range(90)]
    stubber.add_response("list_deployment_targets", {"targetIds": ids, "nextToken": "more"})
    request = {"deploymentId": "d-1", "targetIds": ids[:TARGETS]}
    stubber.add_response("batch_get_deployment_targets", {"deploymentTargets": []}, request)
    assert CodeDeploySteps(client).seconds_of("d-1") == {}


def test_a_deployment_that_never_started_has_no_steps(scripted: Scripted) -> None:
    client, stubber = scripted("codedeploy")
    stubber.add_client_error("list_deployment_targets", "DeploymentNotStartedException")
    assert CodeDeploySteps(client).seconds_of("d-1") == {}


@pytest.mark.parametrize(
    ("code", "kind"), [("ThrottlingException", Throttled), ("AccessDenied", RequestRejected)]
)
def test_any_other_refusal_is_an_error(scripted: Scripted, code: str, kind: Any) -> None:
    client, stubber = scripted("codedeploy")
    stubber.add_client_error("list_deployment_targets", code)
    with pytest.raises(kind, match="codedeploy:ListDeploymentTargets"):
        CodeDeploySteps(client).seconds_of("d-1")
