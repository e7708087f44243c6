"""Estimate: what repeating a run will take, from what it and its pipeline took lately."""

import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from statistics import median

from selfheal.domain.run import Service
from selfheal.domain.spending import MICRO, Cost
from selfheal.domain.standing import Recent

# Only these have minutes that CodeBuild bills; what a deployment takes is the customer's own machines' time.
BUILDING = (Service.CODEBUILD, Service.CODEPIPELINE)


@dataclass(frozen=True, slots=True)
class BuildPrices:
    """US dollars for a minute, by compute type; ``otherwise`` for one that the table does not know."""

    as_of: date
    otherwise: float
    per_minute: dict[str, float]

    def of(self, compute_type: str) -> float:
        """The price of a minute."""
        return self.per_minute.get(compute_type, self.otherwise)


@cache
def build_prices() -> BuildPrices:
    """The table as it was deployed."""
    table = tomllib.loads(resources.files("selfheal.pricing").joinpath("build_prices.toml").read_text())
    return BuildPrices(table["as_of"], table["otherwise"], table["per_minute"])


def estimate(
    service: Service, compute_type: str, seconds: float | None, recent: Iterable[Recent], prices: BuildPrices
) -> Cost:
    """What another run of a pipeline takes, rounded up to whole minutes as CodeBuild bills them.

    ``seconds`` is what the failed run took (None: unknown). The longer of it and the median of the pipeline's recent
    good runs counts: a run that failed early says little about one that goes through.
    """
    if service not in BUILDING:
        return Cost()
    good = [run.seconds for run in recent if not run.failed]
    longest = max(seconds or 0.0, median(good) if good else 0.0)
    minutes = max(1, math.ceil(longest / 60))
    return Cost(minutes * 60, math.ceil(minutes * prices.of(compute_type) * MICRO))
