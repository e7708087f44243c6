"""The week of lost, doubled and late events: nothing is lost or doubled, and the measure would see it if it were."""

from typing import Any

import pytest

from selfheal.domain.action import Action
from selfheal.testing.actions import MemoryActions
from tests.bench.delivery import Forgetful, Weather, Week

RUNS = 150


def played(week: Week) -> Week:
    week.play()
    return week


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_or_doubled(seed: int) -> None:
    week = played(Week(RUNS, Weather(), seed))
    assert week.expected and week.lost and week.deaths
    assert sum(week.deliveries.values()) > 3 * RUNS
    assert week.wrong() == (0, 0, 0, 0)


def test_without_reconciliation_lost_events_are_lost_incidents() -> None:
    class Careless(Week):
        def _reconcile(self, *_: Any) -> None:
            pass

    lost, doubled, _, _ = played(Careless(RUNS, Weather(lost=0.5), 1)).wrong()
    assert lost > 0 and doubled == 0


def test_without_a_memory_of_intents_and_a_look_at_codebuild_actions_are_doubled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Forgetful, "started_since", lambda *_: [])

    class Forgets(MemoryActions):
        def of_incident(self, incident_id: str) -> Action | None:
            return None

        def intend(self, action: Action, *rest: Any) -> Action:
            return action

        def finish(self, action: Action) -> None:
            pass

        def incident_of_run(self, run_id: str) -> str:
            return ""

    week = Week(RUNS, Weather(), 1)
    week.actions = Forgets()
    assert played(week).wrong()[3] > 0


def test_without_one_id_for_one_run_incidents_are_doubled() -> None:
    week = Week(RUNS, Weather(), 1)
    week.expected = set(list(week.expected)[1:])
    assert played(week).wrong()[1] == 1, "one that nobody expected"
