"""The token budgets: hard ceilings for the incident and for the day, whoever charges when."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfheal.adapters.dynamodb.token_budget import DynamoTokenBudget
from selfheal.domain.conversation import TokenLimits
from selfheal.domain.errors import RequestRejected, TokensSpent
from selfheal.testing.service import FixedClock
from tests.adapters.conftest import TABLE

LIMITS = TokenLimits(per_incident=100, per_day=150)


def counter(dynamodb: Any, pk: str) -> int:
    item = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": "TOKENS"}}).get("Item")
    return int(item["spent"]["N"]) if item else 0


@pytest.fixture
def budget(dynamodb: Any) -> DynamoTokenBudget:
    return DynamoTokenBudget(dynamodb, TABLE, FixedClock(), LIMITS)


def test_a_charge_counts_for_the_incident_and_for_the_day(dynamodb: Any, budget: DynamoTokenBudget) -> None:
    budget.reserve("one", 60)
    budget.reserve("two", 30)
    counts = [counter(dynamodb, pk) for pk in ("INCIDENT#one", "INCIDENT#two", "DAY#2026-01-15")]
    assert counts == [60, 30, 90]


def test_an_incident_can_use_all_of_its_budget_and_nothing_more(budget: DynamoTokenBudget) -> None:
    budget.reserve("one", 100)
    with pytest.raises(TokensSpent, match=r"no 1 tokens are left of the 100 for this incident"):
        budget.reserve("one", 1)


def test_a_day_can_use_all_of_its_budget_and_nothing_more(budget: DynamoTokenBudget) -> None:
    budget.reserve("one", 100)
    budget.reserve("two", 50)
    with pytest.raises(TokensSpent, match="ModelTokensPerDay"):
        budget.reserve("three", 1)


def test_the_next_day_begins_with_all_of_it(dynamodb: Any) -> None:
    clock = FixedClock()
    budget = DynamoTokenBudget(dynamodb, TABLE, clock, LIMITS)
    budget.reserve("one", 100)
    clock.advance(timedelta(days=1).total_seconds())
    budget.reserve("two", 100)
    assert counter(dynamodb, "DAY#2026-01-16") == 100


@pytest.mark.parametrize("limits", [TokenLimits(0, 1000), TokenLimits(1000, 0), TokenLimits(9, 9)])
def test_a_budget_smaller_than_the_first_call_lets_nothing_through(
    dynamodb: Any, limits: TokenLimits
) -> None:
    with pytest.raises(TokensSpent):
        DynamoTokenBudget(dynamodb, TABLE, FixedClock(), limits).reserve("one", 10)


def test_what_was_not_used_can_be_used_again(dynamodb: Any, budget: DynamoTokenBudget) -> None:
    budget.give_back(budget.reserve("one", 100), 80)
    assert (counter(dynamodb, "INCIDENT#one"), counter(dynamodb, "DAY#2026-01-15")) == (20, 20)
    budget.reserve("one", 80)


def test_giving_back_twice_as_a_retried_call_may_gives_back_once(
    dynamodb: Any, budget: DynamoTokenBudget
) -> None:
    reservation = budget.reserve("one", 60)
    budget.give_back(reservation, 40)
    budget.give_back(reservation, 40)
    assert counter(dynamodb, "DAY#2026-01-15") == 20


def test_what_somebody_else_was_charged_meanwhile_stays_charged(
    dynamodb: Any, budget: DynamoTokenBudget
) -> None:
    reservation = budget.reserve("one", 60)
    budget.reserve("two", 30)
    budget.give_back(reservation, 40)
    assert (counter(dynamodb, "INCIDENT#one"), counter(dynamodb, "DAY#2026-01-15")) == (20, 90)


def test_counters_are_forgotten_after_a_week(dynamodb: Any, budget: DynamoTokenBudget) -> None:
    budget.reserve("one", 10)
    key = {"pk": {"S": "DAY#2026-01-15"}, "sk": {"S": "TOKENS"}}
    item = dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    expected = FixedClock().now() + timedelta(days=7)
    assert int(item["expires_at"]["N"]) == int(expected.timestamp())


def test_a_budget_that_cannot_be_asked_is_an_error_and_never_a_yes() -> None:
    missing = DynamoTokenBudget(boto3.client("dynamodb"), "no-such-table", FixedClock(), LIMITS)
    with pytest.raises(RequestRejected, match="dynamodb:UpdateItem"):
        missing.reserve("one", 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    charges=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 70), st.integers(0, 70)), max_size=12)
)
def test_no_order_of_charges_overruns_a_budget(dynamodb: Any, charges: list[tuple[str, int, int]]) -> None:
    day = FixedClock()
    day.advance(timedelta(days=hash(tuple(charges)) % 10_000).total_seconds())
    budget = DynamoTokenBudget(dynamodb, TABLE, day, LIMITS)
    used = 0
    for incident, tokens, unused in charges:
        try:
            reservation = budget.reserve(f"{incident}-{day.now():%Y-%m-%d}", tokens)
        except TokensSpent:
            continue
        budget.give_back(reservation, min(unused, tokens))
        used += tokens - min(unused, tokens)
    assert used <= LIMITS.per_day
