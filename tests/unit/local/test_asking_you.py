import sys
from dataclasses import replace
from pathlib import Path

import pytest

from local.asking import PARAMETERS, as_answered, scenario_with_you
from local.errors import InvalidScenario
from local.play import Play, Update
from local.records import Records
from local.scenario import DECLARATION, SCENARIOS, load
from selfheal.domain.incident import incident_id
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.testing.builders import NOON
from tests.unit.local.test_play import FakeSubject, stores, theatre

__all__ = ["stores"]


@pytest.mark.parametrize(
    ("answer", "outcome", "builds"),
    [("approved", "healed", 2), ("rejected", "refused", 1), ("", "refused", 1)],
)
def test_every_answer_of_yours_has_its_truth(answer: str, outcome: str, builds: int) -> None:
    truth = as_answered(scenario_with_you(), answer).truth
    assert (truth.outcome, truth.builds) == (outcome, builds)


def test_what_a_script_answers_is_held_against_the_scenario_itself() -> None:
    assert as_answered(load("approved"), "rejected") == load("approved")


def test_you_are_told_how_to_answer_and_have_the_time(
    tmp_path: Path, stores: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [".venv/bin/selfheal"])
    told: list[Update] = []
    asked = replace(load("poisoned_cache"), circumstances=scenario_with_you().circumstances)
    subject = FakeSubject(stores)
    stores.ledger.append(
        LedgerEntry(incident_id("demo-poisoned-cache:1"), LedgerKind.APPROVAL_REQUESTED, NOON, {})
    )
    Play(asked, theatre(subject, tmp_path, told.append)).perform()
    [detail] = [update.detail for update in told if update.state == "approval requested"]
    asks = incident_id("demo-poisoned-cache:1")
    assert detail == f"answer in another terminal: .venv/bin/selfheal approve {asks}"


def test_the_scenario_waits_longer_for_you_than_the_question_stands(
    tmp_path: Path, stores: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    monkeypatch.setattr("local.play.Patience", lambda seconds, *_: given.append(seconds))
    for scenario in (load("approved"), scenario_with_you()):
        Play(scenario, theatre(FakeSubject(stores), tmp_path, lambda update: None))
    assert given[1] == given[0] + int(PARAMETERS["ApprovalTimeoutSeconds"])


def test_no_file_of_a_scenario_waits_for_you(tmp_path: Path) -> None:
    (tmp_path / "mine" / "base").mkdir(parents=True)
    text = (SCENARIOS / "approved" / DECLARATION).read_text()
    text = text.replace('files_of = "flaky_test"', "").replace('"approves"', '"you"')
    (tmp_path / "mine" / DECLARATION).write_text(text)
    with pytest.raises(InvalidScenario, match="'you' is none of"):
        load("mine", tmp_path)
