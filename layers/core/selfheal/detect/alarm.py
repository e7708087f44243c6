"""Alarm: when a score is worth telling people, and which metrics are to blame."""

import math
from collections.abc import Mapping

from selfheal.detect.features import (
    CPU,
    DURATION,
    DURATION_FAILED,
    MEMORY,
    PHASE,
    TESTS_FAILED,
    TESTS_SKIPPED,
    TESTS_TOTAL,
)
from selfheal.detect.window import Deviation
from selfheal.domain.score import Blame, Level

HEAL_SHARE = 0.4
FEWEST_TO_CALIBRATE, MOST_TO_ASK_FOR = 100, 500
NOTABLE = 2.0
LEAST_RATIO = 1.25
MOST_OF_IT = 0.8
# A metric must have moved by this much in its own unit (percentage points, tests), whatever the statistics say.
LEAST_CHANGE = {TESTS_FAILED: 1.0, TESTS_SKIPPED: 10.0, TESTS_TOTAL: 3.0, CPU: 15.0, MEMORY: 5.0}


def level_of(p_value: float, budget: float, notable: bool, shift: bool) -> Level:
    """The level of a score: ``tell`` within the budget of false alarms per 1,000 runs, ``heal`` within 0.4 of it.

    Without a metric to blame nobody is told; a level shift is always told, once.
    """
    if notable and p_value <= HEAL_SHARE * budget / 1000:
        return Level.HEAL
    return Level.TELL if shift or (notable and p_value <= budget / 1000) else Level.NONE


def fewest_to_calibrate(budget: float) -> int:
    """The runs that thresholds for that budget of false alarms per 1,000 runs are measured on: so many that one of
    them is expected at ``heal``, for below that nothing so rare was ever seen.

    A budget below 5 asks for no more: its levels lie on the tail drawn out (detect/reference.py), and more runs than
    a small account has in years would be the price of measuring them.
    """
    return min(max(math.ceil(1000 / (HEAL_SHARE * budget)), FEWEST_TO_CALIBRATE), MOST_TO_ASK_FOR)


def blamed(deviations: Mapping[str, Deviation], min_seconds: float, first: str = "") -> tuple[Blame, ...]:
    """The metrics that are far enough from their medians to be blamed, the worst first, ``first`` before all.

    ``min_seconds``: no duration is blamed for a smaller difference. A slow phase makes the whole run slow as well: one
    that accounts for most of the difference is the better answer, and comes before the whole.
    """
    whole = deviations.get(DURATION)
    notable = [
        each for each in deviations.values() if abs(each.size) >= NOTABLE and _matters(each, min_seconds)
    ]
    if first in deviations and deviations[first] not in notable:
        notable.append(deviations[first])
    notable.sort(key=lambda each: (each.metric != first, -_weight(each, whole), each.metric == DURATION))
    return tuple(_blame(each) for each in notable)


def _weight(each: Deviation, whole: Deviation | None) -> float:
    if whole is None or not each.metric.startswith(PHASE):
        return abs(each.size)
    accounts_for = (each.value - each.median) / ((whole.value - whole.median) or math.inf)
    return max(abs(each.size), abs(whole.size)) if accounts_for >= MOST_OF_IT else abs(each.size)


def _matters(each: Deviation, min_seconds: float) -> bool:
    change = abs(each.value - each.median)
    if each.metric in (DURATION, DURATION_FAILED) or each.metric.startswith(PHASE):
        low, high = sorted((each.value, each.median))
        return change >= min_seconds and high >= LEAST_RATIO * low
    return change >= LEAST_CHANGE[each.metric]


def _blame(each: Deviation) -> Blame:
    """``duration_failed`` is the duration to people; a median of 0 gives the ratio to a hundredth of a unit."""
    metric = DURATION if each.metric == DURATION_FAILED else each.metric
    return Blame(metric, each.value, each.median, each.value / max(each.median, 0.01))
