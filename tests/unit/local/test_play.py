import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from local.developer import Build, Developer
from local.errors import ScenarioStuck
from local.patience import Patience
from local.play import Play, Theatre, Update
from local.records import Records
from local.scenario import load
from selfheal.domain.incident import Incident, incident_id
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey, RunRef, Service
from selfheal.domain.score import Level, Score
from selfheal.testing.approvals import MemoryApprovals
from selfheal.testing.builders import NOON, a_measurement, an_incident
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.standings import MemoryStandings

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
class FakeDeveloper(Developer):
    """Its builds are measured at once; the second one fails and gets the story, as a deployed stack would do."""

    stores: Records
    statuses: Sequence[str] = ("SUCCEEDED", "FAILED", "SUCCEEDED")
    extra_builds: int = 1
    started: list[str] = field(default_factory=list)

    def free_name(self, wanted: str) -> str:
        return wanted

    def create_project(self, name: str, repository: Path, variables: dict[str, str], *, cache: bool) -> None:
        assert (repository / "buildspec.yml").exists()
        assert cache
        assert variables["MIRROR_URL"].startswith("http://127.0.0.1:")

    def build(self, project: str, commit: str) -> str:
        self.started.append(f"{project}:{len(self.started)}")
        return self.started[-1]

    def wait(self, build_id: str, patience: Patience) -> Build:
        status = self.statuses[self.started.index(build_id)]
        self.stores.runs.save(a_measurement(build_id))
        self.stores.runs.keep_score(build_id, Score(0.7, ready=False, level=Level.NONE))
        if status == "FAILED" and len(self.started) == 2:
            self.stores.incidents.open(an_incident(build_id))
            for kind, data in STORY.items():
                self.stores.ledger.append(LedgerEntry(incident_id(build_id), kind, NOON, data))
        return Build(build_id, status, NOON.timestamp())

    def builds_of(self, project: str) -> Sequence[str]:
        return [*self.started, *["by selfheal"] * self.extra_builds]


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
    developer: FakeDeveloper, directory: Path, tell: Callable[[Update], None] = lambda update: None
) -> Theatre:
    return Theatre(developer, developer.stores, directory, tell, threading.Event(), "Look there.")


def test_a_scenario_is_played_from_history_to_the_builds_afterwards(tmp_path: Path, stores: Records) -> None:
    told: list[Update] = []
    developer = FakeDeveloper(stores)
    result = Play(load("poisoned_cache"), theatre(developer, tmp_path, told.append)).perform()
    assert result.differences == []
    assert result.builds == 4
    states = [update.state for update in told]
    assert states[:3] == ["preparing", "learning", "building"]
    assert states[-2:] == ["building again", "as expected"]
    assert [update.detail for update in told if update.state == "decided"] == ["act retry_build_clean"]


def test_a_build_too_many_is_found(tmp_path: Path, stores: Records) -> None:
    developer = FakeDeveloper(stores, extra_builds=2)
    result = Play(load("poisoned_cache"), theatre(developer, tmp_path)).perform()
    assert result.differences == ["the project was built 5 times, expected 4"]


def test_an_ordinary_build_that_fails_afterwards_is_a_difference(tmp_path: Path, stores: Records) -> None:
    developer = FakeDeveloper(stores, statuses=("SUCCEEDED", "FAILED", "FAILED"))
    result = Play(load("poisoned_cache"), theatre(developer, tmp_path)).perform()
    assert result.differences == ["ordinary build 1 afterwards ended FAILED"]


def test_a_scenario_without_an_incident_ends_with_what_was_missing(tmp_path: Path, stores: Records) -> None:
    developer = FakeDeveloper(stores, statuses=("SUCCEEDED", "SUCCEEDED"))
    result = Play(load("poisoned_cache"), theatre(developer, tmp_path), seconds=0).perform()
    assert not result.as_expected
    assert "no sign of an end of the incident" in result.differences[0]
    assert "Look there." in result.differences[0]


def test_a_build_that_never_ends_is_told(tmp_path: Path, stores: Records) -> None:
    class Waiting(FakeDeveloper):
        def wait(self, build_id: str, patience: Patience) -> Build:
            raise ScenarioStuck(f"no sign of the end of build {build_id}")

    result = Play(load("poisoned_cache"), theatre(Waiting(stores), tmp_path)).perform()
    assert result.differences == ["no sign of the end of build demo-poisoned-cache:0"]


def of_project(build_id: str) -> Incident:
    key = PipelineKey(Service.CODEBUILD, "demo-poisoned-cache")
    return replace(an_incident(build_id), run=RunRef(key, build_id))


def test_an_incident_of_another_run_of_the_project_is_a_difference(tmp_path: Path, stores: Records) -> None:
    stores.incidents.open(of_project("demo-poisoned-cache:0"))
    stores.incidents.open(an_incident("somebody-elses:1"))
    result = Play(load("poisoned_cache"), theatre(FakeDeveloper(stores), tmp_path)).perform()
    assert result.differences == ["demo-poisoned-cache:0 opened an incident as well: failed"]


def test_leading_builds_come_between_the_history_and_the_one_in_question_each_after_the_other_s_score(
    tmp_path: Path, stores: Records
) -> None:
    told: list[Update] = []
    developer = FakeDeveloper(stores, statuses=("SUCCEEDED",) * 9)
    scenario = replace(load("poisoned_cache"), leading=3)
    Play(scenario, theatre(developer, tmp_path, told.append), seconds=0).perform()
    assert len(developer.started) == scenario.history + 3 + 1
    assert [update.detail for update in told if update.state == "building"] == [
        *(f"{number} of 3 builds after the change" for number in range(3)),
        "",
    ]


def test_a_build_that_is_never_scored_is_told(tmp_path: Path, stores: Records) -> None:
    class Unscored(FakeDeveloper):
        def wait(self, build_id: str, patience: Patience) -> Build:
            if build_id == self.started[0]:
                return super().wait(build_id, patience)
            self.stores.runs.save(a_measurement(build_id))
            return Build(build_id, "SUCCEEDED", NOON.timestamp())

    scenario = replace(load("poisoned_cache"), leading=1)
    result = Play(scenario, theatre(Unscored(stores), tmp_path), seconds=0).perform()
    assert "no sign of the score of demo-poisoned-cache:1" in result.differences[0]


def test_nothing_is_compared_with_a_history_that_is_not_scored(tmp_path: Path, stores: Records) -> None:
    class Unmeasured(FakeDeveloper):
        def wait(self, build_id: str, patience: Patience) -> Build:
            return Build(build_id, "SUCCEEDED", NOON.timestamp())

    developer = Unmeasured(stores)
    result = Play(load("poisoned_cache"), theatre(developer, tmp_path), seconds=0).perform()
    assert "no sign of scores of the earlier builds" in result.differences[0]
    assert len(developer.started) == 1
