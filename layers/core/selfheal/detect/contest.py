"""Contest: whether a freshly trained model may take the place of the one that serves."""

import math

from selfheal.domain.model import Figures

MARGIN = 0.02
SURE = 0.95


def why_worse(challenger: Figures, champion: Figures, budget: float) -> str:
    """What speaks against the challenger, in words with the numbers; empty when it is not worse.

    Not worse means both, on the same runs with the same injected anomalies: it finds at most 2 points fewer of the
    anomalies; and its alarms are no more than the champion's, or no more than a model would give by chance in 19 of
    20 replays of this length that keeps the budget (false alarms per 1,000 runs) exactly.
    """
    if challenger.caught < champion.caught - MARGIN:
        return (
            f"it finds {challenger.caught:.1%} of the injected anomalies, the champion {champion.caught:.1%}"
        )
    allowed = most_alarms(budget, challenger.runs)
    alarms = round(challenger.alarms_per_1000 * challenger.runs / 1000)
    if alarms > allowed and challenger.alarms_per_1000 > champion.alarms_per_1000:
        return (
            f"it raises {challenger.alarms_per_1000:.1f} alarms per 1,000 runs, the champion "
            f"{champion.alarms_per_1000:.1f}; a budget of {budget:g} allows {allowed} on {challenger.runs} runs"
        )
    return ""


def most_alarms(budget: float, runs: int) -> int:
    """The number of alarms on so many runs that a model which keeps the budget stays within, 19 times of 20.

    The 95 % quantile of the Poisson distribution; beyond a mean of 500 its normal approximation.
    """
    mean = budget * runs / 1000
    if mean > 500:
        return math.ceil(mean + 1.645 * math.sqrt(mean))
    alarms, chance = 0, math.exp(-mean)
    within = chance
    while within < SURE:
        alarms += 1
        chance *= mean / alarms
        within += chance
    return alarms
