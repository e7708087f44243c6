"""What calls of models cost, by the price table beside this file."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from selfheal.domain.conversation import Usage
from selfheal.suggest.models import is_global, own_id

PER_MILLION = 1_000_000
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float

    def of(self, usage: Usage) -> float:
        """What one call costs, in US dollars."""
        return (usage.input_tokens * self.input + usage.output_tokens * self.output) / PER_MILLION


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by the beginning of a model's own id: behind a global profile and behind a regional one."""

    as_of: date
    models: tuple[tuple[str, Price, Price], ...]

    def price(self, model_id: str) -> Price | None:
        """The price of a model; None when the table does not know it."""
        name = own_id(model_id)
        found = next((row for row in self.models if name.startswith(row[0])), None)
        if found is None:
            return None
        return found[1] if is_global(model_id) else found[2]


@cache
def price_table() -> PriceTable:
    """The table as it was deployed."""
    document = tomllib.loads(resources.files("selfheal.suggest").joinpath("prices.toml").read_text())
    rows = ((row["prefix"], Price(*row["global"]), Price(*row["regional"])) for row in document["model"])
    return PriceTable(document["as_of"], tuple(rows))


def cost_usd(calls: Iterable[Usage]) -> float | None:
    """What the calls cost together, in US dollars; None when one is of a model without a known price."""
    total = 0.0
    for usage in calls:
        price = price_table().price(usage.model_id)
        if price is None:
            return None
        total += price.of(usage)
    return round(total, _DIGITS)
