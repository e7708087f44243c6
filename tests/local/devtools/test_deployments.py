"""Deployments of real commits by real scripts: what they install and leave running, and how they are taken back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.devtools import codedeploy
from local.devtools.codedeploy import CodeDeploy
from local.devtools.deployments import Deployment, Group
from local.devtools.errors import ServiceError
from local.devtools.hosts import MARKER
from tests.local.devtools.simulated import Bus, Client, Json, tell_late, until

EVENT = "CodeDeploy Deployment State-change Notification"
ON_FAILURE = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
APPSPEC = """
version: 0.0
os: linux
files: [{source: /page.txt, destination: /srv/shop}]
hooks:
  ApplicationStop: [{location: stop.sh, timeout: 300}]
  ApplicationStart: [{location: start.sh, timeout: 300}]
  ValidateService: [{location: check.sh, timeout: 300}]
"""
FILES = {
    "appspec.yml": APPSPEC,
    "page.txt": "one\n",
    "stop.sh": "#!/bin/sh\necho stopped by $(cat page.txt) >>$HOME/story\n",
    "start.sh": "#!/bin/sh\necho started $(cat $HOME/srv/shop/page.txt) >>$HOME/story\n",
    "check.sh": "#!/bin/sh\nexit 0\n",
}
DAEMON = """#!/bin/sh
python - <<'END'
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True,
                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
END
"""


class Shop(Client):
    """An application with one group, and a repository whose commits are deployed to it."""

    def __init__(self, directory: Path, repository: Path, commit: Callable[[Path, Json], str]) -> None:
        self.bus, self.repository, self._commit = Bus(), repository, commit
        super().__init__("codedeploy", CodeDeploy(self.bus.publisher, directory))
        self.host = directory / "hosts" / "shop" / "live"
        self.call("CreateApplication", applicationName="shop")

    def group(self, **settings: Any) -> None:
        role = "arn:aws:iam::000000000000:role/deployer"
        names = {"applicationName": "shop", "deploymentGroupName": "live", "serviceRoleArn": role}
        self.call("CreateDeploymentGroup", **names, **settings)

    def start(self, files: Json | None = None, **settings: Any) -> str:
        commit = self._commit(self.repository, files or {})
        location = {"repository": str(self.repository), "commitId": commit}
        revision = {"revisionType": "GitHub", "gitHubLocation": location}
        names = {"applicationName": "shop", "deploymentGroupName": "live"}
        return str(self.call("CreateDeployment", **names, revision=revision, **settings)["deploymentId"])

    def deploy(self, files: Json, **settings: Any) -> Json:
        return self.ended(self.start(files, **settings))

    def info(self, deployment: str) -> Json:
        return dict(self.call("GetDeployment", deploymentId=deployment)["deploymentInfo"])

    def ended(self, deployment: str) -> Json:
        return dict(
            until(lambda: (info := self.info(deployment)) if "completeTime" in self.info(deployment) else {})
        )

    def group_info(self) -> Json:
        names = {"applicationName": "shop", "deploymentGroupName": "live"}
        return dict(self.call("GetDeploymentGroup", **names)["deploymentGroupInfo"])

    def story(self) -> list[str]:
        return (self.host / "story").read_text().splitlines()

    def running(self) -> list[int]:
        found = []
        for process in psutil.process_iter(["environ"]):
            with contextlib.suppress(psutil.NoSuchProcess):
                if (process.info["environ"] or {}).get(MARKER) == str(self.host):
                    found.append(process.pid)
        return found


@pytest.fixture
def shop(tmp_path: Path, make_repository: Any, commit: Any) -> Iterator[Shop]:
    made = Shop(tmp_path / "deployments", make_repository({"README": "x"}), commit)
    yield made
    made.service.close(10)  # type: ignore[attr-defined]


def test_a_deployment_installs_its_files_and_the_next_one_stops_it_by_its_own_script(shop: Shop) -> None:
    shop.group()
    first = shop.deploy(FILES)
    assert (first["status"], first["creator"]) == ("Succeeded", "user")
    second = shop.deploy({"page.txt": "two\n"})
    assert shop.story() == ["started one", "stopped by one", "started two"]
    assert second["previousRevision"] == first["revision"]
    info = shop.group_info()
    assert info["lastSuccessfulDeployment"]["deploymentId"] == second["deploymentId"]
    assert info["targetRevision"] == second["revision"]
    assert info["autoRollbackConfiguration"] == {"enabled": False, "events": []}


def test_what_the_last_deployment_installed_is_removed_before_the_next(shop: Shop) -> None:
    shop.group()
    shop.deploy(FILES)
    moved = APPSPEC.replace("/page.txt", "/other.txt")
    shop.deploy({"appspec.yml": moved, "other.txt": "x", "start.sh": "#!/bin/sh\n"})
    assert [path.name for path in (shop.host / "srv" / "shop").iterdir()] == ["other.txt"]


def test_what_a_script_leaves_running_survives_the_deployment_but_not_the_simulator(shop: Shop) -> None:
    shop.group()
    assert shop.deploy(FILES | {"start.sh": DAEMON})["status"] == "Succeeded"
    until(lambda: len(shop.running()) == 1)
    shop.service.close(10)  # type: ignore[attr-defined]
    until(lambda: not shop.running())


def test_a_failed_deployment_is_rolled_back_where_its_group_says_so(shop: Shop) -> None:
    shop.group(autoRollbackConfiguration=ON_FAILURE)
    good = shop.deploy(FILES)
    bad = shop.deploy({"page.txt": "two\n", "check.sh": "#!/bin/sh\nexit 7\n"})
    rollback = shop.ended(bad["rollbackInfo"]["rollbackDeploymentId"])
    assert (rollback["status"], rollback["creator"]) == ("Succeeded", "codeDeployRollback")
    assert rollback["rollbackInfo"] == {"rollbackTriggeringDeploymentId": bad["deploymentId"]}
    assert rollback["revision"] == good["revision"]
    assert shop.story()[-1] == "started one"
    told = [(event["deploymentId"], event["state"]) for event in shop.bus.of(EVENT)]
    assert told[2:] == [
        (bad["deploymentId"], "START"),
        (bad["deploymentId"], "FAILURE"),
        (rollback["deploymentId"], "START"),
        (rollback["deploymentId"], "SUCCESS"),
    ]


def test_a_rollback_that_fails_is_not_rolled_back_and_nothing_to_go_back_to_is_said(shop: Shop) -> None:
    shop.group(autoRollbackConfiguration=ON_FAILURE)
    broken = {"check.sh": "#!/bin/sh\nexit 7\n"}
    first = shop.deploy(FILES | broken)
    assert "no successful deployment" in first["rollbackInfo"]["rollbackMessage"]
    shop.deploy({"check.sh": "#!/bin/sh\ntest ! -e $HOME/broken\n"})
    (shop.host / "broken").touch()
    bad = shop.deploy(broken)
    rollback = shop.ended(bad["rollbackInfo"]["rollbackDeploymentId"])
    assert rollback["status"] == "Failed"
    assert len(shop.call("ListDeployments")["deployments"]) == 4


def test_a_deployment_is_not_seen_as_ended_before_its_rollback_is_known(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(group: Group, revision: Json, description: str, *rest: Any) -> Deployment:
        if description.startswith("Rollback"):
            time.sleep(0.3)
        return new(group, revision, description, *rest)

    new = codedeploy._new_deployment
    shop.group(autoRollbackConfiguration=ON_FAILURE)
    good = shop.deploy(FILES)
    monkeypatch.setattr(codedeploy, "_new_deployment", slow)
    bad = shop.deploy({"check.sh": "#!/bin/sh\nexit 7\n"})
    assert shop.ended(bad["rollbackInfo"]["rollbackDeploymentId"])["revision"] == good["revision"]


@pytest.mark.parametrize(("exit_code", "state"), [(0, "SUCCESS"), (7, "FAILURE")])
def test_a_deployment_is_not_seen_as_ended_before_its_event_is_on_its_way(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, exit_code: int, state: str
) -> None:
    shop.group()
    tell_late(monkeypatch)
    shop.deploy(FILES | {"check.sh": f"#!/bin/sh\nexit {exit_code}\n"})
    assert shop.bus.of(EVENT)[-1]["state"] == state


def test_a_step_that_is_being_shown_does_not_change_meanwhile() -> None:
    deployment = Deployment("d-1", "shop", "live", "1", {}, 1000.0)
    deployment.begin_step("Install")
    (shown,) = deployment.target()["instanceTarget"]["lifecycleEvents"]
    before = dict(shown)
    deployment.end_step("Install", "Succeeded")
    assert shown == before
    (after,) = deployment.target()["instanceTarget"]["lifecycleEvents"]
    assert (after["status"], "endTime" in after) == ("Succeeded", True)


def test_a_deployment_may_overrule_its_group(shop: Shop) -> None:
    shop.group(autoRollbackConfiguration=ON_FAILURE)
    shop.deploy(FILES)
    off = {"enabled": False}
    bad = shop.deploy({"check.sh": "#!/bin/sh\nexit 7\n"}, autoRollbackConfiguration=off)
    assert "rollbackInfo" not in bad


@pytest.mark.parametrize("rolled_back", [True, False])
def test_a_stopped_deployment_is_rolled_back_on_request(shop: Shop, rolled_back: bool) -> None:
    shop.group()
    good = shop.deploy(FILES)
    running = shop.start({"start.sh": "#!/bin/sh\nsleep 300\n"})
    until(lambda: shop.info(running)["status"] == "InProgress")
    reply = shop.call("StopDeployment", deploymentId=running, autoRollbackEnabled=rolled_back)
    assert reply["status"] == "Pending"
    stopped = shop.ended(running)
    assert (stopped["status"], stopped["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    if rolled_back:
        rollback = shop.ended(stopped["rollbackInfo"]["rollbackDeploymentId"])
        assert rollback["revision"] == good["revision"]
    else:
        assert "rollbackInfo" not in stopped


def test_what_cannot_be_done_is_refused_by_its_reason(shop: Shop) -> None:
    shop.group()
    done = shop.deploy(FILES)
    with pytest.raises(ServiceError) as completed:
        shop.call("StopDeployment", deploymentId=done["deploymentId"])
    assert completed.value.code == "DeploymentAlreadyCompletedException"
    running = shop.start({"start.sh": "#!/bin/sh\nsleep 300\n"})
    with pytest.raises(ServiceError, match=running) as busy:
        shop.start({"page.txt": "three\n"})
    assert busy.value.code == "DeploymentLimitExceededException"
    with pytest.raises(ServiceError, match="at least one event"):
        shop.call(
            "UpdateDeploymentGroup",
            applicationName="shop",
            currentDeploymentGroupName="live",
            autoRollbackConfiguration={"enabled": True},
        )


def test_the_revisions_of_an_application_are_listed_as_asked(shop: Shop) -> None:
    shop.group()
    first, second = shop.deploy(FILES), shop.deploy({"page.txt": "two\n"})
    third = shop.deploy({"check.sh": "#!/bin/sh\nexit 7\n"})
    made = [item["revision"]["gitHubLocation"]["commitId"] for item in (first, second, third)]

    def listed(**wanted: str) -> list[str]:
        reply = shop.call("ListApplicationRevisions", applicationName="shop", **wanted)
        return [item["gitHubLocation"]["commitId"] for item in reply["revisions"]]

    assert listed(sortBy="firstUsedTime", sortOrder="ascending") == made
    assert listed(sortBy="lastUsedTime", sortOrder="descending") == made[::-1]
    assert listed(deployed="include") == [made[1]]
    assert sorted(listed(deployed="exclude")) == sorted([made[0], made[2]])


def test_a_group_has_tags_and_iam_knows_no_resource_for_a_stop(shop: Shop) -> None:
    shop.group(tags=[{"Key": "selfheal", "Value": "enabled"}])
    arn = "arn:aws:codedeploy:us-east-1:000000000000:deploymentgroup:shop/live"
    names = {"applicationName": "shop", "deploymentGroupName": "live"}
    assert shop.resources("CreateDeployment", **names) == [arn]
    assert shop.service.tags(arn) == {"selfheal": "enabled"}
    assert shop.resources("StopDeployment", deploymentId="d-1") == ["*"]
    shop.call("TagResource", ResourceArn=arn, Tags=[{"Key": "owner", "Value": "web"}])
    assert shop.call("ListTagsForResource", ResourceArn=arn)["Tags"] == [
        {"Key": "owner", "Value": "web"},
        {"Key": "selfheal", "Value": "enabled"},
    ]
