"""A challenger is promoted only if it is not worse than the champion, and the reason has the numbers."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.detect.contest import most_alarms, why_worse
from selfheal.domain.model import Figures

BUDGET = 5.0
CHAMPION = Figures(runs=2000, alarms_per_1000=5.0, caught=0.80, ranked=0.90)


@pytest.mark.parametrize(
    ("challenger", "words"),
    [
        (CHAMPION, ""),
        (Figures(2000, 3.0, 0.80, 0.95), ""),
        (Figures(2000, 5.0, 0.80, 0.881), ""),
        (Figures(2000, 5.0, 0.80, 0.87), "ranks 87.0% of the injected anomalies"),
        (Figures(2000, 7.5, 0.80, 0.90), ""),
        (Figures(2000, 9.0, 0.95, 0.90), "raises 9.0 alarms per 1,000 runs, the champion 5.0"),
        (Figures(2000, 5.0, 0.41, 0.90), ""),
        (Figures(2000, 0.0, 0.10, 0.90), "catches 10.0% of the injected anomalies, the champion 80.0%"),
        (Figures(2000, 0.0, 0.0, 0.0), "ranks 0.0%"),
    ],
)
def test_what_counts_as_worse(challenger: Figures, words: str) -> None:
    reason = why_worse(challenger, CHAMPION, BUDGET)
    assert words in reason
    assert bool(reason) is bool(words)


def test_a_champion_that_floods_people_is_replaced_by_one_that_does_so_less_although_it_catches_less() -> (
    None
):
    flooding = Figures(2000, 40.0, 0.95, 0.60)
    assert why_worse(Figures(2000, 5.0, 0.55, 0.60), flooding, BUDGET) == ""
    assert why_worse(Figures(2000, 5.0, 0.40, 0.60), flooding, BUDGET) == ""
    assert why_worse(Figures(2000, 30.0, 0.94, 0.60), flooding, BUDGET) == ""
    assert "41.0 alarms" in why_worse(Figures(2000, 41.0, 0.95, 0.60), flooding, BUDGET)


def test_without_a_replay_nothing_is_promoted() -> None:
    assert (
        why_worse(Figures(0, 0.0, 0.0, 0.0), Figures(0, 0.0, 0.0, 0.0), BUDGET)
        == "there were no runs to replay"
    )


def test_a_deaf_model_is_refused_even_where_the_champion_floods() -> None:
    assert "catches 0.0%" in why_worse(Figures(2000, 0.0, 0.0, 0.60), Figures(2000, 40.0, 0.95, 0.60), BUDGET)


def test_where_hardly_anything_is_worth_an_alarm_neither_model_is_deaf() -> None:
    """Builds of a few seconds: what is injected is far, and still nothing that people would mind."""
    assert why_worse(Figures(2000, 0.0, 0.09, 0.90), Figures(2000, 0.0, 0.10, 0.90), BUDGET) == ""


figures = st.builds(
    Figures,
    runs=st.just(1000),
    alarms_per_1000=st.floats(0, 200),
    caught=st.floats(0, 1),
    ranked=st.floats(0, 1),
)


@given(figures, st.floats(0.1, 50))
def test_no_model_is_worse_than_itself(model: Figures, budget: float) -> None:
    assert why_worse(model, model, budget) == ""


@pytest.mark.parametrize(("budget", "runs"), [(2, 300), (5, 300), (5, 2000), (10, 2000), (10, 100_000)])
def test_a_model_that_keeps_the_budget_exactly_is_within_the_allowance_19_times_of_20(
    budget: float, runs: int
) -> None:
    rng = random.Random(7)
    allowed, mean = most_alarms(budget, runs), budget * runs / 1000
    trials = 1000
    within = sum(poisson(rng, mean) <= allowed for _ in range(trials))
    assert within / trials >= 0.93


def poisson(rng: random.Random, mean: float) -> int:
    """The number of arrivals in one unit of time."""
    count, clock = 0, rng.expovariate(mean)
    while clock < 1:
        count += 1
        clock += rng.expovariate(mean)
    return count
