from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local.result import differences, judge, stuck
from local.scenario import load
from local.story import Story
from local.subject import Counts
from selfheal.domain.ledger import LedgerEntry, LedgerKind

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
SCENARIO = load("genuine_regression")
Data = dict[str, object]
FACTS: dict[LedgerKind, Data] = {
    LedgerKind.OPENED: {"kind": "failed"},
    LedgerKind.DIAGNOSED: {
        "cause": "test_failure",
        "summary": "a test failed",
        "evidence": [{"line": 9, "text": "E   assert 1080 == 1188"}],
    },
    LedgerKind.DECIDED: {"verdict": "act", "remedy": "notify"},
    LedgerKind.ACTION_STARTED: {"remedy": "notify", "status": "done"},
    LedgerKind.OUTCOME: {"status": "notified", "seconds": 2.5},
    LedgerKind.NOTIFIED: {"subject": "x"},
}


def story(**changed: Data) -> Story:
    facts = {kind: {**data, **changed.get(kind.value, {})} for kind, data in FACTS.items()}
    return Story(
        [
            LedgerEntry("i", kind, OPENED + timedelta(seconds=number), data)
            for number, (kind, data) in enumerate(facts.items())
        ]
    )


def test_a_story_that_is_as_the_truth_says_has_no_differences() -> None:
    assert differences(SCENARIO, story(), Counts(SCENARIO.truth.builds)) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"opened": {"kind": "anomalous"}}, "kind is anomalous"),
        ({"diagnosed": {"cause": "flaky_test"}}, "cause is flaky_test"),
        ({"decided": {"verdict": "refuse"}}, "decision is refuse"),
        ({"decided": {"remedy": "retry_build"}}, "action is retry_build"),
        ({"outcome": {"status": "healed"}}, "outcome is healed"),
        ({"diagnosed": {"evidence": []}}, "evidence does not hold"),
    ],
)
def test_every_difference_is_named(changed: dict[str, Data], named: str) -> None:
    found = differences(SCENARIO, story(**changed), Counts(SCENARIO.truth.builds))
    assert len(found) == 1
    assert named in found[0]


def test_another_outcome_says_why_it_came_to_it() -> None:
    told: Data = {"status": "refused", "reason": "paused by somebody"}
    found = differences(SCENARIO, story(outcome=told), Counts(SCENARIO.truth.builds))
    assert found == ["outcome is refused, expected notified: paused by somebody"]


def test_one_build_too_many_is_a_difference() -> None:
    found = differences(SCENARIO, story(), Counts(SCENARIO.truth.builds + 1))
    assert found == ["there were 3 builds, expected 2"]


def test_a_deployment_too_few_is_a_difference() -> None:
    truth = replace(SCENARIO.truth, deployments=1)
    found = differences(replace(SCENARIO, truth=truth), story(), Counts(truth.builds))
    assert found == ["there were 0 deployments, expected 1"]


def test_an_answer_and_a_reason_are_held_against_the_truth() -> None:
    truth = replace(SCENARIO.truth, answer="approved", reason=["per_commit"])
    found = differences(replace(SCENARIO, truth=truth), story(), Counts(truth.builds))
    assert found == ["answer is missing, expected approved", "the reason does not name 'per_commit'"]


def test_what_is_missing_is_called_missing() -> None:
    found = differences(SCENARIO, Story([]), Counts(SCENARIO.truth.builds))
    assert "cause is missing, expected test_failure" in found


@pytest.mark.parametrize(
    ("score", "named"),
    [
        ({"blame": [{"metric": "phase:BUILD"}], "detector": "forest", "shift": True}, []),
        ({"blame": [{"metric": "duration"}, {"metric": "phase:BUILD"}], "detector": "forest", "shift": True},
         ["blame is duration, expected phase:BUILD"]),
        ({"blame": [], "detector": "magnitude", "shift": False},
         ["shift is False, expected True", "blame is missing, expected phase:BUILD",
          "detector is magnitude, expected forest"]),
    ],
)  # fmt: skip
def test_what_was_blamed_by_what_and_whether_for_good_is_held_against_the_truth(
    score: Data, named: list[str]
) -> None:
    truth = replace(SCENARIO.truth, blame="phase:BUILD", detector="forest", shift=True)
    found = differences(replace(SCENARIO, truth=truth), story(opened={"score": score}), Counts(truth.builds))
    assert found == named


def test_a_new_level_that_nobody_expected_is_a_difference() -> None:
    found = differences(SCENARIO, story(opened={"score": {"shift": True}}), Counts(SCENARIO.truth.builds))
    assert found == ["shift is True, expected False"]


def test_the_summary_is_held_against_the_truth() -> None:
    truth = replace(SCENARIO.truth, summary=["BUILD"])
    found = differences(replace(SCENARIO, truth=truth), story(), Counts(truth.builds))
    assert found == ["the summary does not name 'BUILD'"]


def test_a_result_carries_times_and_differences_found_on_the_way() -> None:
    result = judge(
        SCENARIO,
        story(),
        incident_id="i",
        ended_at=OPENED.timestamp() - 1,
        counts=Counts(builds=2),
        more=["an ordinary build afterwards failed"],
    )
    assert result.seconds == 2.5
    assert result.reaction_seconds is None
    assert not result.as_expected


@pytest.mark.parametrize(
    ("kind", "status", "acted"),
    [
        (LedgerKind.ACTION_STARTED, "started", True),
        (LedgerKind.ACTION_STARTED, "done", False),
        (LedgerKind.ACTION_REFUSED, "refused", False),
        (LedgerKind.ACTION_INTENDED, "intended", False),
    ],
)
def test_only_a_started_run_counts_as_an_action_under_way(kind: LedgerKind, status: str, acted: bool) -> None:
    told = Story([LedgerEntry("i", kind, OPENED, {"remedy": "retry_build", "status": status})])
    result = judge(
        SCENARIO, told, incident_id="i", ended_at=OPENED.timestamp() - 4, counts=Counts(builds=2), more=[]
    )
    assert result.reaction_seconds == (4.0 if acted else None)


def test_a_stuck_scenario_is_never_as_expected_and_keeps_what_is_known() -> None:
    result = stuck(SCENARIO, "i", story(), "no sign of it")
    assert not result.as_expected
    assert (result.cause, result.differences) == ("test_failure", ["no sign of it"])


def test_an_escalated_incident_has_that_outcome_and_is_over() -> None:
    entries = [
        *story().entries[:1],
        LedgerEntry("i", LedgerKind.ESCALATED, OPENED, {"state": "DecideAction"}),
    ]
    assert Story(entries).over
    assert Story(entries).outcome == "escalated"
    assert not Story(story().entries[:-1]).over
