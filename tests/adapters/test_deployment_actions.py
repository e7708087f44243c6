from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.deployment_actions import CodeDeployDeployments
from selfheal.domain.errors import RequestRejected, RunNotFound
from selfheal.remedy_ports import DeploymentDetails, GoodDeployment
from selfheal.testing.builders import NOON

Scripted = Callable[[str], tuple[Any, Stubber]]
GROUP = {"applicationName": "shop", "deploymentGroupName": "prod"}
ROLE = "arn:aws-cn:iam::111122223333:role/deploy"
ARN = "arn:aws-cn:codedeploy:us-east-1:111122223333:deploymentgroup:shop/prod"


def a_revision(commit: str) -> dict[str, Any]:
    return {"revisionType": "GitHub", "gitHubLocation": {"repository": "team/shop", "commitId": commit}}


def a_deployment(name: str = "d-3", minutes: int = 0, commit: str = "c3", **more: Any) -> dict[str, Any]:
    created = NOON + timedelta(minutes=minutes)
    info = {"deploymentId": name, "status": "Failed", "createTime": created, "revision": a_revision(commit)}
    return GROUP | info | more


def details(
    scripted: Scripted, group: dict[str, Any] | None = None, tags: Any = (), **deployment: Any
) -> DeploymentDetails:
    client, stubber = scripted("codedeploy")
    reply = {"deploymentInfo": a_deployment(**deployment)}
    stubber.add_response("get_deployment", reply, {"deploymentId": "d-3"})
    of_group = {"serviceRoleArn": ROLE} | (group or {})
    stubber.add_response("get_deployment_group", {"deploymentGroupInfo": of_group}, GROUP)
    stubber.add_response("list_tags_for_resource", {"Tags": list(tags)}, {"ResourceArn": ARN})
    return CodeDeployDeployments(client).details("shop/prod", "d-3")


def test_how_a_deployment_stands_is_read(scripted: Scripted) -> None:
    found = details(
        scripted,
        {"lastAttemptedDeployment": {"deploymentId": "d-4"}},
        [{"Key": "selfheal", "Value": "enabled"}],
        computePlatform="ECS",
        rollbackInfo={"rollbackDeploymentId": "d-5", "rollbackTriggeringDeploymentId": "d-1"},
    )
    assert found == DeploymentDetails(
        True, failed=True, platform="ECS", rolled_back_by="d-5", rolls_back="d-1", latest="d-4"
    )


def test_without_the_tag_nothing_is_permitted(scripted: Scripted) -> None:
    assert not details(scripted).tagged


@pytest.mark.parametrize(
    ("status", "running", "failed", "stopped"),
    [
        ("InProgress", True, False, False),
        ("Baking", True, False, False),
        ("Ready", True, False, False),
        ("Failed", False, True, False),
        ("Stopped", False, False, True),
        ("Succeeded", False, False, False),
    ],
)
def test_a_status_is_put_into_words(
    scripted: Scripted, status: str, running: bool, failed: bool, stopped: bool
) -> None:
    found = details(scripted, status=status)
    assert (found.running, found.failed, found.stopped) == (running, failed, stopped)


@pytest.mark.parametrize(
    ("native", "itself"),
    [
        ({"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}, True),
        ({"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}, False),
        ({"enabled": False, "events": ["DEPLOYMENT_FAILURE"]}, False),
    ],
)
def test_automatic_rollbacks_are_noticed(scripted: Scripted, native: dict[str, Any], itself: bool) -> None:
    assert details(scripted, autoRollbackConfiguration=native).rolls_back_itself is itself


def test_what_is_gone_is_not_found(scripted: Scripted) -> None:
    client, stubber = scripted("codedeploy")
    stubber.add_client_error("get_deployment", "DeploymentDoesNotExistException")
    with pytest.raises(RunNotFound, match="d-3"):
        CodeDeployDeployments(client).details("shop/prod", "d-3")
    stubber.add_response("get_deployment", {"deploymentInfo": a_deployment()})
    stubber.add_client_error("get_deployment_group", "DeploymentGroupDoesNotExistException")
    with pytest.raises(RunNotFound, match="no such deployment group"):
        CodeDeployDeployments(client).details("shop/prod", "d-3")


def good(scripted: Scripted, *earlier: dict[str, Any]) -> list[GoodDeployment]:
    client, stubber = scripted("codedeploy")
    stubber.add_response("get_deployment", {"deploymentInfo": a_deployment()})
    names = [info["deploymentId"] for info in earlier]
    request = GROUP | {"includeOnlyStatuses": ["Succeeded"]}
    stubber.add_response("list_deployments", {"deployments": names}, request)
    for start in range(0, len(names), 25):
        some = {"deploymentIds": names[start : start + 25]}
        found = {"deploymentsInfo": list(earlier[start : start + 25])}
        stubber.add_response("batch_get_deployments", found, some)
    return CodeDeployDeployments(client).good_before("shop/prod", "d-3")


def test_good_ones_are_earlier_and_of_another_revision_newest_first(scripted: Scripted) -> None:
    same, later = a_deployment("d-2", -5), a_deployment("d-4", 5, "c4")
    old, last = a_deployment("d-0", -20, "c0"), a_deployment("d-1", -10, "c1")
    found = good(scripted, old, same, last, later)
    assert found == [GoodDeployment("d-1", "c1"), GoodDeployment("d-0", "c0")]


def test_all_of_the_first_page_are_looked_at(scripted: Scripted) -> None:
    many = [a_deployment(f"d-{100 + n}", n - 90, f"c{n}") for n in range(60)]
    assert good(scripted, *many)[0] == GoodDeployment("d-159", "c59")


def test_without_a_good_one_there_is_none(scripted: Scripted) -> None:
    assert good(scripted) == []


def test_ours_are_known_by_their_description(scripted: Scripted) -> None:
    client, stubber = scripted("codedeploy")
    request = GROUP | {"createTimeRange": {"start": NOON}}
    stubber.add_response("list_deployments", {"deployments": ["d-4", "d-5"]}, request)
    found = [a_deployment("d-4", description="for 1"), a_deployment("d-5", description="for 10")]
    stubber.add_response("batch_get_deployments", {"deploymentsInfo": found})
    assert CodeDeployDeployments(client).marked("shop/prod", NOON, "for 1") == ["d-4"]


def test_a_deployment_is_stopped_with_a_rollback(scripted: Scripted) -> None:
    client, stubber = scripted("codedeploy")
    request = {"deploymentId": "d-3", "autoRollbackEnabled": True}
    stubber.add_response("stop_deployment", {"status": "Pending"}, request)
    CodeDeployDeployments(client).stop("d-3")
    stubber.add_client_error("stop_deployment", "DeploymentAlreadyCompletedException")
    CodeDeployDeployments(client).stop("d-3")
    stubber.add_client_error("stop_deployment", "AccessDeniedException")
    with pytest.raises(RequestRejected):
        CodeDeployDeployments(client).stop("d-3")


def test_a_good_deployment_is_made_again_and_not_taken_back(scripted: Scripted) -> None:
    client, stubber = scripted("codedeploy")
    before = a_deployment("d-1", -10, "c1", fileExistsBehavior="OVERWRITE", description="release 7")
    stubber.add_response("get_deployment", {"deploymentInfo": before}, {"deploymentId": "d-1"})
    request = GROUP | {
        "revision": a_revision("c1"),
        "description": "for 1",
        "fileExistsBehavior": "OVERWRITE",
        "autoRollbackConfiguration": {"enabled": False},
    }
    stubber.add_response("create_deployment", {"deploymentId": "d-4"}, request)
    assert CodeDeployDeployments(client).deploy_again("shop/prod", "d-1", "for 1") == "d-4"
