import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from local.circumstances import Circumstances, Direction, Events, Person
from local.errors import ScenarioStuck
from local.patience import Patience
from local.play import Play, Theatre, Update
from local.records import Records
from local.scenario import Scenario, load
from local.story import Story
from local.subject import Counts, Run
from selfheal.domain.approval import Approval
from selfheal.domain.incident import Incident, incident_id
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey, RunRef, Service
from selfheal.domain.score import Level, Score
from selfheal.steps.answer_approval import Reply
from selfheal.testing.approvals import MemoryApprovals, an_approval
from selfheal.testing.builders import NOON, a_measurement, an_incident
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.standings import MemoryStandings

OF_IT = "events of demo-poisoned-cache"
STORY: dict[LedgerKind, dict[str, object]] = {
    LedgerKind.OPENED: {"kind": "failed"},
    LedgerKind.DIAGNOSED: {
        "cause": "infra_flake",
        "summary": "the cache is damaged",
        "evidence": [{"line": 1, "text": ".cache/wheels/shop_money-1.0-py3-none-any.whl"}],
    },
    LedgerKind.DECIDED: {"verdict": "act", "remedy": "retry_build_clean"},
    LedgerKind.ACTION_STARTED: {"remedy": "retry_build_clean"},
    LedgerKind.OUTCOME: {"status": "healed", "seconds": 1.0},
    LedgerKind.NOTIFIED: {},
}


@dataclass
class FakeSubject:
    """Its runs are measured at once; the second one fails and gets the story, as a deployed stack would do."""

    stores: Records
    statuses: Sequence[str] = ("SUCCEEDED", "FAILED", "SUCCEEDED")
    extra_builds: int = 1
    left: Sequence[str] = ()
    started: list[str] = field(default_factory=list)

    name = "demo-poisoned-cache"
    keys = (PipelineKey(Service.CODEBUILD, "demo-poisoned-cache"),)

    def start(self, commit: str) -> str:
        self.started.append(f"{self.name}:{len(self.started)}")
        return self.started[-1]

    def wait(self, started: str, patience: Patience) -> Run:
        status = self.statuses[self.started.index(started)]
        self.stores.runs.save(a_measurement(started))
        self.stores.runs.keep_score(started, Score(0.7, ready=False, level=Level.NONE))
        if status == "FAILED":
            self.stores.incidents.open(an_incident(started))
            for kind, data in STORY.items():
                self.stores.ledger.append(LedgerEntry(incident_id(started), kind, NOON, data))
        return Run(started, incident_id(started), status == "SUCCEEDED", NOON.timestamp())

    def counts(self) -> Counts:
        return Counts(builds=len(self.started) + self.extra_builds)

    def differences(self, patience: Patience) -> Sequence[str]:
        return self.left


@dataclass
class FakePeople:
    """Notes what they are asked to do."""

    did: list[str] = field(default_factory=list)

    def answer(self, approval: Approval, reply: Reply) -> None:
        self.did.append(f"{reply} {approval.incident_id}")

    def pause(self) -> None:
        self.did.append("pause")

    def resume(self) -> None:
        self.did.append("resume")

    def look_for_lost_events(self) -> Sequence[str]:
        self.did.append("look")
        return []

    def set_events(self, order: bool | str, subject: str) -> None:
        self.did.append(f"events of {subject}: {order}")


@pytest.fixture
def stores() -> Records:
    return Records(
        MemoryIncidents(),
        MemoryLedger(),
        MemoryRuns(),
        MemoryStandings(),
        MemoryApprovals(),
        MemoryFailures(),
    )


def theatre(
    subject: FakeSubject,
    directory: Path,
    tell: Callable[[Update], None] = lambda update: None,
    people: FakePeople | None = None,
) -> Theatre:
    return Theatre(
        free_name=lambda wanted: wanted,
        subject=lambda scenario, repository, needed: subject,
        records=subject.stores,
        people=people or FakePeople(),
        directory=directory,
        tell=tell,
        stop=threading.Event(),
        where_to_look="Look there.",
    )


def test_a_scenario_is_played_from_history_to_the_builds_afterwards(tmp_path: Path, stores: Records) -> None:
    told: list[Update] = []
    subject = FakeSubject(stores)
    result = Play(load("poisoned_cache"), theatre(subject, tmp_path, told.append)).perform()
    assert result.differences == []
    assert result.counts == Counts(builds=4)
    states = [update.state for update in told]
    assert states[:3] == ["preparing", "learning", "building"]
    assert states[-2:] == ["building again", "as expected"]
    assert [update.detail for update in told if update.state == "decided"] == ["act retry_build_clean"]


def test_a_build_too_many_is_found(tmp_path: Path, stores: Records) -> None:
    subject = FakeSubject(stores, extra_builds=2)
    result = Play(load("poisoned_cache"), theatre(subject, tmp_path)).perform()
    assert result.differences == ["there were 5 builds, expected 4"]


def test_an_ordinary_build_that_fails_afterwards_is_a_difference(tmp_path: Path, stores: Records) -> None:
    subject = FakeSubject(stores, statuses=("SUCCEEDED", "FAILED", "FAILED"))
    result = Play(load("poisoned_cache"), theatre(subject, tmp_path)).perform()
    assert result.differences == ["ordinary run 1 afterwards failed"]


def test_a_scenario_without_an_incident_ends_with_what_was_missing(tmp_path: Path, stores: Records) -> None:
    subject = FakeSubject(stores, statuses=("SUCCEEDED", "SUCCEEDED"))
    result = Play(load("poisoned_cache"), theatre(subject, tmp_path), seconds=0).perform()
    assert not result.as_expected
    assert "no sign of an end of the incident" in result.differences[0]
    assert "Look there." in result.differences[0]


def test_a_build_that_never_ends_is_told(tmp_path: Path, stores: Records) -> None:
    class Waiting(FakeSubject):
        def wait(self, started: str, patience: Patience) -> Run:
            raise ScenarioStuck(f"no sign of the end of build {started}")

    result = Play(load("poisoned_cache"), theatre(Waiting(stores), tmp_path)).perform()
    assert result.differences == ["no sign of the end of build demo-poisoned-cache:0"]


def of_project(build_id: str) -> Incident:
    key = PipelineKey(Service.CODEBUILD, "demo-poisoned-cache")
    return replace(an_incident(build_id), run=RunRef(key, build_id))


def test_an_incident_of_another_run_of_the_project_is_a_difference(tmp_path: Path, stores: Records) -> None:
    stores.incidents.open(of_project("demo-poisoned-cache:0"))
    stores.incidents.open(an_incident("somebody-elses:1"))
    result = Play(load("poisoned_cache"), theatre(FakeSubject(stores), tmp_path)).perform()
    assert result.differences == ["demo-poisoned-cache:0 opened an incident as well: failed"]


def test_leading_builds_come_between_the_history_and_the_one_in_question_each_after_the_other_s_score(
    tmp_path: Path, stores: Records
) -> None:
    told: list[Update] = []
    subject = FakeSubject(stores, statuses=("SUCCEEDED",) * 9)
    scenario = replace(load("poisoned_cache"), leading=3)
    Play(scenario, theatre(subject, tmp_path, told.append), seconds=0).perform()
    assert len(subject.started) == scenario.history + 3 + 1
    assert [update.detail for update in told if update.state == "building"] == [
        *(f"{number} of 3 runs after the change" for number in range(3)),
        "",
    ]


def test_a_build_that_is_never_scored_is_told(tmp_path: Path, stores: Records) -> None:
    class Unscored(FakeSubject):
        def wait(self, started: str, patience: Patience) -> Run:
            if started == self.started[0]:
                return super().wait(started, patience)
            self.stores.runs.save(a_measurement(started))
            return Run(started, incident_id(started), True, NOON.timestamp())

    scenario = replace(load("poisoned_cache"), leading=1)
    result = Play(scenario, theatre(Unscored(stores), tmp_path), seconds=0).perform()
    assert "no sign of the score of demo-poisoned-cache:1" in result.differences[0]


def test_nothing_is_compared_with_a_history_that_is_not_scored(tmp_path: Path, stores: Records) -> None:
    class Unmeasured(FakeSubject):
        def wait(self, started: str, patience: Patience) -> Run:
            return Run(started, incident_id(started), True, NOON.timestamp())

    subject = Unmeasured(stores)
    result = Play(load("poisoned_cache"), theatre(subject, tmp_path), seconds=0).perform()
    assert "no sign of scores of the earlier runs" in result.differences[0]
    assert len(subject.started) == 1


def in_circumstances(**changed: object) -> Scenario:
    return replace(load("poisoned_cache"), circumstances=Circumstances(**changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "begins", "ends"),
    [
        ({"paused": True}, "pause", "resume"),
        (
            {"events": Events.DOUBLED},
            "events of demo-poisoned-cache: duplicate",
            "events of demo-poisoned-cache: False",
        ),
        (
            {"events": Events.LOST},
            "events of demo-poisoned-cache: True",
            "events of demo-poisoned-cache: False",
        ),
    ],
)
def test_circumstances_hold_around_the_run_in_question_and_no_longer(
    tmp_path: Path, stores: Records, changed: dict[str, object], begins: str, ends: str
) -> None:
    subject, people = FakeSubject(stores), FakePeople()
    Play(in_circumstances(**changed), theatre(subject, tmp_path, people=people)).perform()
    assert (people.did[0], people.did[-1]) == (begins, ends)
    assert ("look" in people.did) == (changed.get("events") is Events.LOST)


def test_circumstances_are_undone_when_a_scenario_gets_stuck(tmp_path: Path, stores: Records) -> None:
    subject, people = FakeSubject(stores, statuses=("SUCCEEDED", "SUCCEEDED")), FakePeople()
    scenario = in_circumstances(paused=True)
    assert not Play(scenario, theatre(subject, tmp_path, people=people), seconds=0).perform().as_expected
    assert people.did == ["pause", "resume"]


@pytest.mark.parametrize(
    ("person", "said"), [(Person.APPROVES, ["approve"]), (Person.REJECTS, ["reject"]), (Person.IS_AWAY, [])]
)
def test_a_person_answers_once_what_is_asked(person: Person, said: list[str], stores: Records) -> None:
    people, approval = FakePeople(), an_approval()
    stores.approvals.ask(approval)
    direction = Direction(Circumstances(person=person), people, stores.approvals, lambda: None)
    asked = Story([LedgerEntry(approval.incident_id, LedgerKind.APPROVAL_REQUESTED, NOON, {})])
    for story in (Story([]), asked, asked):
        direction.look(approval.incident_id, story)
    assert people.did == [f"{each} {approval.incident_id}" for each in said]


def test_a_newer_commit_comes_once_it_is_decided_what_to_do(stores: Records) -> None:
    came: list[str] = []
    direction = Direction(
        Circumstances(overtaken=True), FakePeople(), stores.approvals, lambda: came.append("newer")
    )
    decided = Story([LedgerEntry("i", LedgerKind.DECIDED, NOON, {"verdict": "act"})])
    direction.look("i", Story([]))
    assert came == []
    direction.look("i", decided)
    direction.look("i", decided)
    assert came == ["newer"]


def test_what_is_left_wrong_in_the_end_is_a_difference(tmp_path: Path, stores: Records) -> None:
    subject = FakeSubject(stores, left=("3 of 30 requests failed in the end",))
    result = Play(load("poisoned_cache"), theatre(subject, tmp_path)).perform()
    assert result.differences == ["3 of 30 requests failed in the end"]


def test_a_leading_run_that_fails_comes_to_its_end_first(tmp_path: Path, stores: Records) -> None:
    subject = FakeSubject(stores, statuses=("FAILED", "FAILED"), extra_builds=0)
    scenario = replace(load("poisoned_cache"), history=0, leading=1, followups=0)
    result = Play(scenario, theatre(subject, tmp_path)).perform()
    assert result.differences == ["there were 2 builds, expected 4"]
