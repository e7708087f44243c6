"""The deployed stack: an alarm of a deployed service and the deployment that was baking when it went off."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.clients import client
from local.records import Records
from local.repository import Repository, make_repository
from local.state import CloudState
from local.story import Story
from selfheal.adapters.cloudwatch_alarms import CloudWatchAlarms
from selfheal.domain.incident import harm_incident_id
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.remedy import TAG_KEY, TAG_VALUE
from tests.local.bell import Bell, a_bell, harm_of, until
from tests.local.conftest import ActAs

pytestmark = pytest.mark.local

APPLICATION, GROUP, ALARM = "demo-shop", "prod", "demo-shop-5xx"
ROLE = "arn:aws:iam::000000000000:role/demo-deployments"
APPSPEC = "version: 0.0\nos: linux\nhooks: {ValidateService: [{location: check.sh, timeout: 300}]}\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Two versions of something that can be deployed."""
    folder: Path = tmp_path_factory.mktemp("shop")
    for version in ("base", "change"):
        (folder / version).mkdir()
        (folder / version / "appspec.yml").write_text(APPSPEC)
        (folder / version / "check.sh").write_text(f"#!/bin/sh\nexit 0 # {version}\n")
    return make_repository(folder, folder / "repository")


class Releases:
    """Deploys to one group, and waits until the stack has measured it."""

    def __init__(self, state: CloudState, repository: Repository, stored: Records) -> None:
        self.codedeploy, self.repository, self.stored = client(state, "codedeploy"), repository, stored
        self.names = {"applicationName": APPLICATION, "deploymentGroupName": GROUP}
        tags = [{"Key": TAG_KEY, "Value": TAG_VALUE}]
        self.codedeploy.create_application(applicationName=APPLICATION)
        self.codedeploy.create_deployment_group(**self.names, serviceRoleArn=ROLE, tags=tags)

    def deploy(self, commit: str) -> str:
        location = {"repository": str(self.repository.path), "commitId": commit}
        revision = {"revisionType": "GitHub", "gitHubLocation": location}
        deployment: str = self.codedeploy.create_deployment(**self.names, revision=revision)["deploymentId"]
        measured = until("the measurement of the deployment", lambda: self.stored.runs.get(deployment))
        assert measured.measurement.status == "SUCCEEDED"
        return deployment

    def commit_of(self, deployment: str) -> str:
        info = self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        return str(info["revision"]["gitHubLocation"]["commitId"])

    def all(self) -> list[str]:
        """Newest first."""
        return list(self.codedeploy.list_deployments(**self.names)["deployments"])


@pytest.fixture(scope="module")
def releases(state: CloudState, repository: Repository, stored: Records) -> Releases:
    return Releases(state, repository, stored)


@pytest.fixture(scope="module")
def deployed(releases: Releases, repository: Repository) -> str:
    """The first deployment that succeeded and was measured."""
    return releases.deploy(repository.first)


@pytest.fixture
def bell(state: CloudState) -> Iterator[Bell]:
    with a_bell(state, ALARM) as bell:
        yield bell


def incidents_of(stored: Records, deployment: str) -> list[str]:
    return [each.id for each in stored.incidents.recent(50) if each.run.run_id == deployment]


def test_an_event_alone_opens_nothing(state: CloudState, stored: Records, deployed: str, bell: Bell) -> None:
    """A forged event: the alarm is not ringing."""
    bell.tell()
    assert bell.watched() == []
    assert incidents_of(stored, deployed) == []


def test_an_alarm_becomes_one_incident_of_the_deployment(stored: Records, deployed: str, bell: Bell) -> None:
    bell.ring()
    bell.tell()
    story = harm_of(stored, deployed)
    assert (story.kind, story.cause) == ("harmful", "deploy_failure")
    assert ALARM in story.summary
    evidence = "\n".join(story.evidence)
    assert "latest values: 0, 3, 14; the threshold is 5" in evidence and "too many errors" in evidence
    assert incidents_of(stored, deployed) == [harm_incident_id(deployed)]


def test_a_harmful_version_is_rolled_back_and_the_alarm_says_when_it_has_healed(
    state: CloudState,
    stored: Records,
    deployed: str,
    releases: Releases,
    repository: Repository,
    bell: Bell,
) -> None:
    good = releases.deploy(repository.first)  # an alarm was tied to the one before: nobody goes back to it
    harmful = releases.deploy(repository.last)
    bell.ring()
    until("a rollback", lambda: len(releases.all()) > 3 or None)
    rollback, *before = releases.all()
    assert before == [harmful, good, deployed]
    assert releases.commit_of(rollback) == repository.first != releases.commit_of(harmful)
    until("the measurement of the rollback", lambda: stored.runs.get(rollback))
    assert Story(stored.ledger.entries(harm_incident_id(harmful))).outcome == "", "the alarm still rings"
    bell.settle()
    story = harm_of(stored, harmful)
    assert (story.decision, story.action, story.outcome) == ("act", "roll_back_deployment", "healed")
    reason = str(stored.ledger.entry(harm_incident_id(harmful), LedgerKind.OUTCOME).data["reason"])  # type: ignore[union-attr]
    assert reason.endswith(f"OK again: {ALARM}")
    bell.ring()
    assert bell.watched() == [], "a rollback is not rolled back"
    assert releases.all() == [rollback, *before]


def test_an_alarm_that_no_watch_names_is_left_alone(
    state: CloudState, stored: Records, deployed: str, bell: Bell
) -> None:
    with a_bell(state, "demo-other-5xx") as other:
        other.ring()
        assert other.watched() == []
    assert deployed


def test_who_watches_reads_alarms_and_can_change_none(state: CloudState, act_as: ActAs, bell: Bell) -> None:
    bell.ring()
    assert CloudWatchAlarms(client(state, "cloudwatch")).read(ALARM) is not None
    assert act_as("WatchDeployment", "cloudwatch", "describe_alarms", AlarmNames=[ALARM]) == "allowed"
    for method, arguments in (
        ("set_alarm_state", {"AlarmName": ALARM, "StateValue": "OK", "StateReason": "hush"}),
        ("delete_alarms", {"AlarmNames": [ALARM]}),
    ):
        assert act_as("WatchDeployment", "cloudwatch", method, **arguments) != "allowed"
