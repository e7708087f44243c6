"""Measures: how well scores and alarms agree with labels. Standard library only."""

import math
from collections.abc import Sequence
from itertools import groupby


def average_precision(scores: Sequence[float], odd: Sequence[bool]) -> float:
    """Area under precision-recall: the mean over recall steps of the precision there, 0 to 1; NaN if nothing is odd.

    Runs of one score are one step, so that no order among equals can flatter.
    """
    total, found, alarms, area = sum(odd), 0, 0, 0.0
    if not total:
        return math.nan
    ranked = sorted(zip(scores, odd, strict=True), key=lambda pair: -pair[0])
    for _, equals in groupby(ranked, key=lambda pair: pair[0]):
        step = [is_odd for _, is_odd in equals]
        found, alarms = found + sum(step), alarms + len(step)
        area += sum(step) / total * found / alarms
    return area


def recall_at(alarms: int, scores: Sequence[float], odd: Sequence[bool]) -> float:
    """Share of the odd runs among the ``alarms`` highest scores; equals at the border count by their share."""
    total = sum(odd)
    if not total:
        return math.nan
    ranked = sorted(zip(scores, odd, strict=True), key=lambda pair: -pair[0])
    left, found = alarms, 0.0
    for _, equals in groupby(ranked, key=lambda pair: pair[0]):
        step = [is_odd for _, is_odd in equals]
        found += sum(step) * min(1.0, left / len(step))
        left -= len(step)
        if left <= 0:
            break
    return found / total


def recall_at_budget(per_thousand: float, scores: Sequence[float], odd: Sequence[bool]) -> float:
    """Share of the odd runs above the highest normal scores, as many of them as the budget allows."""
    normal = sorted((s for s, is_odd in zip(scores, odd, strict=True) if not is_odd), reverse=True)
    allowed = round(len(normal) * per_thousand / 1000)
    if allowed >= len(normal):
        return 1.0
    return ratio(sum(s > normal[allowed] for s, is_odd in zip(scores, odd, strict=True) if is_odd), sum(odd))


def false_alarms_per_thousand(alarmed: Sequence[bool], odd: Sequence[bool]) -> float:
    """Alarms on normal runs per 1,000 normal runs."""
    false = sum(alarm and not is_odd for alarm, is_odd in zip(alarmed, odd, strict=True))
    return 1000 * ratio(false, len(odd) - sum(odd))


def recall(alarmed: Sequence[bool], odd: Sequence[bool]) -> float:
    """Share of the odd runs with an alarm."""
    return ratio(sum(alarm and is_odd for alarm, is_odd in zip(alarmed, odd, strict=True)), sum(odd))


def precision(alarmed: Sequence[bool], odd: Sequence[bool]) -> float:
    """Share of the alarms that were on odd runs."""
    return ratio(sum(alarm and is_odd for alarm, is_odd in zip(alarmed, odd, strict=True)), sum(alarmed))


def shift_delay(seen: Sequence[bool]) -> int | None:
    """Runs after a shift until it was seen: 0 for the first run of the new level, None for never."""
    return next((place for place, was_seen in enumerate(seen) if was_seen), None)


def ratio(part: float, whole: float) -> float:
    """``part / whole``, NaN for nothing out of nothing."""
    return part / whole if whole else math.nan


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation; the latter is 0 for a single value."""
    mean = sum(values) / len(values)
    if len(values) == 1:
        return mean, 0.0
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
