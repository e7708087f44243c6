"""Estimates: whole minutes, never less than what the pipeline lately took, priced by compute type."""

import pytest

from selfheal.domain.run import Service
from selfheal.domain.spending import Cost
from selfheal.domain.standing import Recent
from selfheal.pricing.estimate import build_prices, estimate

GOOD = [Recent(seconds, failed=False) for seconds in (100, 300, 200)]
SMALL = "BUILD_GENERAL1_SMALL"


@pytest.mark.parametrize(
    ("seconds", "recent", "minutes"),
    [
        (30.0, [], 1),
        (61.0, [], 2),
        (30.0, GOOD, 4),
        (900.0, GOOD, 15),
        (30.0, [Recent(9000.0, failed=True)], 1),
        (None, GOOD, 4),
        (None, [], 1),
        (-5.0, [], 1),
    ],
)
def test_the_longer_of_the_run_and_the_usual_good_run_counts(
    seconds: float | None, recent: list[Recent], minutes: int
) -> None:
    cost = estimate(Service.CODEBUILD, SMALL, seconds, recent, build_prices())
    assert cost == Cost(minutes * 60, minutes * 5_000)


def test_what_is_not_in_the_table_costs_as_much_as_a_large_build() -> None:
    prices = build_prices()
    assert prices.of("BUILD_LAMBDA_1GB") == prices.of("") == prices.of("BUILD_GENERAL1_LARGE") == 0.036
    assert estimate(Service.CODEPIPELINE, "", 60.0, [], prices) == Cost(60, 36_000)


def test_a_deployment_takes_no_minutes_of_builds() -> None:
    assert estimate(Service.CODEDEPLOY, "", 3600.0, [], build_prices()) == Cost()


def test_a_larger_size_costs_more() -> None:
    sizes = list(build_prices().per_minute.values())
    assert sizes == sorted(sizes) and len(sizes) == 5
