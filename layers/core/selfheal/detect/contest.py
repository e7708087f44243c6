"""Contest: whether a freshly trained model may take the place of the one that serves."""

import math

from selfheal.domain.model import Figures

MARGIN = 0.02
SURE = 0.95
HALF = 0.5


def why_worse(challenger: Figures, champion: Figures, budget: float) -> str:
    """What speaks against the challenger, in words with the numbers; empty when it is not worse.

    Not worse means all of these, on the same runs with the same injected anomalies:

    - It ranks at most 2 points fewer of the anomalies above 99 % of ordinary runs. No threshold has a say in that: a
      champion that alarms too often must not look better for it.
    - Its alarms are no more than the champion's, or no more than a model that keeps the budget (false alarms per 1,000
      runs) exactly would raise by chance in 19 of 20 replays of this length.
    - It is not deaf: it catches half of what the champion catches, or half of what it ranks so high.
    """
    if not challenger.runs:
        return "there were no runs to replay"
    if challenger.ranked < champion.ranked - MARGIN:
        return (
            f"it ranks {challenger.ranked:.1%} of the injected anomalies above 99% of ordinary runs, "
            f"the champion {champion.ranked:.1%}"
        )
    allowed = most_alarms(budget, challenger.runs)
    alarms = round(challenger.alarms_per_1000 * challenger.runs / 1000)
    if alarms > allowed and challenger.alarms_per_1000 > champion.alarms_per_1000:
        return (
            f"it raises {challenger.alarms_per_1000:.1f} alarms per 1,000 runs, the champion "
            f"{champion.alarms_per_1000:.1f}; a budget of {budget:g} allows {allowed} on {challenger.runs} runs"
        )
    if challenger.caught < HALF * min(champion.caught, challenger.ranked):
        return f"it catches {challenger.caught:.1%} of the injected anomalies, the champion {champion.caught:.1%}"
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
