"""The price table: every model that has one is priced as its profile is, and unknown ones are not guessed."""

from datetime import date

import pytest

from selfheal.domain.conversation import Usage
from selfheal.suggest.prices import Price, cost_usd, price_table
from tests.contract.transformed import source

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model_id", "price"),
    [
        ("global.anthropic.claude-haiku-5-5", Price(0.10, 0.50)),
        ("eu.anthropic.claude-haiku-5-5", Price(0.11, 0.55)),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Price(1.10, 5.50)),
        ("global.amazon.nova-2-lite-v1:0", Price(0.30, 2.50)),
        ("openai.gpt-oss-20b-1:0", Price(0.07, 0.30)),
        ("someone.new-model-v1", None),
        ("anthropic.claude-haiku-6", None),
    ],
)
def test_a_model_has_the_price_of_its_profile(model_id: str, price: Price | None) -> None:
    assert price_table().price(model_id) == price


def test_the_models_that_a_stack_asks_by_default_have_a_price() -> None:
    for parameter in ("ModelId", "FallbackModelId"):
        assert price_table().price(source()["Parameters"][parameter]["Default"])


def test_calls_cost_what_their_tokens_cost_together() -> None:
    calls = [
        Usage("global.anthropic.claude-haiku-5-5", MILLION, MILLION),
        Usage("amazon.nova-2-lite-v1:0", 0, MILLION),
    ]
    assert cost_usd(calls) == pytest.approx(0.10 + 0.50 + 2.75)
    assert cost_usd([]) == 0.0


def test_one_unknown_price_makes_the_cost_unknown() -> None:
    assert cost_usd([Usage("global.amazon.nova-2-lite-v1:0", 1, 1), Usage("someone.new", 1, 1)]) is None


def test_prices_are_dated_and_positive_and_no_profile_is_cheaper_than_the_global_one() -> None:
    table = price_table()
    assert isinstance(table.as_of, date)
    for _, worldwide, regional in table.models:
        assert 0 < worldwide.input <= regional.input and 0 < worldwide.output <= regional.output
