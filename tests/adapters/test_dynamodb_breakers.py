"""Cool-down, circuit breaker, minutes and money in DynamoDB: held in the transaction that writes the intent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from selfheal.adapters.dynamodb import DynamoActions, DynamoBreakers
from selfheal.domain.brakes import Brakes
from selfheal.domain.errors import ActionRefused
from selfheal.domain.limits import Limits
from selfheal.domain.policy import Breaker, Budget
from selfheal.domain.spending import Cost, Spent
from selfheal.testing.builders import NOON, SHOP
from tests.adapters.conftest import OneAtATime
from tests.adapters.test_dynamodb_actions import LINEAGE, an_action, at_once

TABLE = "selfheal-test"
AMPLE = Limits(Budget(100, 100, 100), breaker=Breaker(2, 600))
MINUTE = timedelta(minutes=1)


def fail(dynamodb: Any, incident: str, minutes: float, *, healed: bool = False) -> None:
    at = NOON + minutes * MINUTE
    DynamoBreakers(dynamodb, TABLE).feed(incident, SHOP, "retry_build", healed=healed, at=at)


def test_a_breaker_opens_lets_one_through_and_closes(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action("i-1"), LINEAGE, AMPLE)
    fail(dynamodb, "i-1", 1)
    fail(dynamodb, "i-2", 2)
    with pytest.raises(ActionRefused, match=r"2 times in a row \(breaker.failures = 2\)"):
        actions.intend(an_action("i-3", intended_at=NOON + 11 * MINUTE), LINEAGE, AMPLE)
    trial = an_action("i-4", intended_at=NOON + 12 * MINUTE)
    assert actions.intend(trial, LINEAGE, AMPLE) == trial
    with pytest.raises(ActionRefused, match="let through from 2026-01-15 12:22:00"):
        actions.intend(an_action("i-5", intended_at=NOON + 13 * MINUTE), LINEAGE, AMPLE)
    fail(dynamodb, "i-4", 14, healed=True)
    actions.intend(an_action("i-6", intended_at=NOON + 14 * MINUTE), LINEAGE, AMPLE)


def test_a_failed_trial_opens_the_breaker_again(dynamodb: Any) -> None:
    for n in (1, 2):
        fail(dynamodb, f"i-{n}", n)
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action("i-3", intended_at=NOON + 12 * MINUTE), LINEAGE, AMPLE)
    assert actions.brakes(SHOP, "retry_build").tried_for == "i-3"
    fail(dynamodb, "i-3", 13)
    assert actions.brakes(SHOP, "retry_build").tried_for == ""
    with pytest.raises(ActionRefused, match="3 times in a row"):
        actions.intend(an_action("i-4", intended_at=NOON + 22 * MINUTE), LINEAGE, AMPLE)
    actions.intend(an_action("i-4", intended_at=NOON + 23 * MINUTE), LINEAGE, AMPLE)


def test_a_trial_whose_outcome_never_came_blocks_nothing_for_ever(dynamodb: Any) -> None:
    for n in (1, 2):
        fail(dynamodb, f"i-{n}", n)
    actions = DynamoActions(dynamodb, TABLE)
    actions.intend(an_action("i-3", intended_at=NOON + 12 * MINUTE), LINEAGE, AMPLE)
    actions.intend(an_action("i-4", intended_at=NOON + 22 * MINUTE), LINEAGE, AMPLE)


def test_an_outcome_is_counted_once_and_another_remedy_is_another_breaker(dynamodb: Any) -> None:
    for _ in range(3):
        fail(dynamodb, "i-1", 1)
    actions = DynamoActions(dynamodb, TABLE)
    assert actions.brakes(SHOP, "retry_build") == Brakes(None, 1, NOON + MINUTE)
    assert actions.brakes(SHOP, "retry_build_clean") == Brakes()


def test_what_heals_ends_the_row(dynamodb: Any) -> None:
    fail(dynamodb, "i-1", 1)
    fail(dynamodb, "i-2", 2, healed=True)
    fail(dynamodb, "i-3", 3)
    assert DynamoActions(dynamodb, TABLE).brakes(SHOP, "retry_build").failures == 1


def test_of_ten_incidents_at_a_half_open_breaker_exactly_one_acts(dynamodb: Any) -> None:
    for n in (1, 2):
        fail(dynamodb, f"i-{n}", n)
    client = OneAtATime(dynamodb)
    later = [an_action(f"j-{n}", intended_at=NOON + 12 * MINUTE) for n in range(10)]

    def attempt(action: Any) -> Any:
        return lambda: DynamoActions(client, TABLE).intend(action, LINEAGE, AMPLE)

    results = at_once(attempt(action) for action in later)
    assert sum(not isinstance(result, ActionRefused) for result in results) == 1


def test_a_pipeline_cools_down_after_an_action_of_any_remedy(dynamodb: Any) -> None:
    actions, cooling = DynamoActions(dynamodb, TABLE), replace(AMPLE, cool_down_seconds=300)
    actions.intend(an_action("i-1"), LINEAGE, AMPLE)
    other = an_action("i-2", remedy="retry_build_clean", intended_at=NOON + 4 * MINUTE)
    with pytest.raises(ActionRefused, match=r"cools down until 2026-01-15 12:05:00 UTC"):
        actions.intend(other, LINEAGE, cooling)
    assert actions.of_incident("i-2") is None
    actions.intend(replace(other, intended_at=NOON + 5 * MINUTE), LINEAGE, cooling)
    assert actions.brakes(SHOP, "x").acted_at == NOON + 5 * MINUTE


def test_minutes_and_money_are_charged_to_the_day_and_refuse_what_does_not_fit(dynamodb: Any) -> None:
    actions = DynamoActions(dynamodb, TABLE)
    budget = Budget(100, 100, 100, build_minutes_per_day=10, dollars_per_day=0.05)
    four = Limits(budget, Cost(240, 20_000))
    for n in (1, 2):
        actions.intend(an_action(f"i-{n}"), LINEAGE, four)
    assert actions.spent(LINEAGE, NOON) == Spent(2, 2, 2, 480, 40_000)
    with pytest.raises(ActionRefused, match=r"8\.0 of 10 build minutes used today"):
        actions.intend(an_action("i-3"), LINEAGE, four)
    with pytest.raises(ActionRefused, match=r"\$0.04 of \$0.05 used today"):
        actions.intend(an_action("i-3"), LINEAGE, replace(four, cost=Cost(120, 20_000)))
    actions.intend(an_action("i-3"), LINEAGE, replace(four, cost=Cost(120, 10_000)))
    actions.intend(an_action("i-4"), LINEAGE, replace(four, cost=Cost()))
    assert actions.spent(LINEAGE, NOON) == Spent(4, 4, 4, 600, 50_000)


def test_a_cost_beyond_the_whole_day_is_refused_from_the_start(dynamodb: Any) -> None:
    limits = Limits(Budget(build_minutes_per_day=1), Cost(120, 1))
    with pytest.raises(ActionRefused, match=r"0\.0 of 1 build minutes"):
        DynamoActions(dynamodb, TABLE).intend(an_action(), LINEAGE, limits)
    assert dynamodb.scan(TableName=TABLE)["Items"] == []
