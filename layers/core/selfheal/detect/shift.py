"""Level shift: a pipeline that is slower or quicker for good. Announced once; what came before it is then forgotten."""

import math
import statistics
from bisect import bisect_left, insort
from collections.abc import Sequence

from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus

GROUP = 5
FEWEST_BEFORE = 20
TAIL = 0.1
LEAST_RATIO = 1.25


def last_shift(runs: Sequence[Measurement], min_seconds: float) -> int | None:
    """Where the last level shift was noticed in ``runs`` (newest first): an index, None when there was none.

    Noticed means: this run and the four good ones before it are all beyond the tenth and the quarter that lie
    furthest on that side of the level they leave, which had at least twenty good runs. The new level begins with
    those five, so a shift is noticed once, and a pipeline with two modes that come in bursts has none.
    """
    noticed = None
    level: list[float] = []  # sorted
    group: list[float] = []
    for index in range(len(runs) - 1, -1, -1):
        if runs[index].status is not RunStatus.SUCCEEDED:
            continue
        group.append(math.log(max(runs[index].duration_seconds, 0.0) + min_seconds))
        if len(group) > GROUP:
            insort(level, group.pop(0))
        if len(group) == GROUP and _left(level, group):
            noticed, level, group = index, sorted(group), []
    return noticed


def since_shift(runs: Sequence[Measurement], min_seconds: float) -> Sequence[Measurement]:
    """Those of ``runs`` (newest first) that belong to the present level, the five it was noticed by included."""
    noticed = last_shift(runs, min_seconds)
    if noticed is None:
        return runs
    good = [index for index in range(noticed, len(runs)) if runs[index].status is RunStatus.SUCCEEDED]
    return runs[: good[GROUP - 1] + 1]


def _left(level: Sequence[float], group: Sequence[float]) -> bool:
    if len(level) < FEWEST_BEFORE:
        return False
    change = statistics.median(group) - statistics.median(level)
    if abs(change) < math.log(LEAST_RATIO):
        return False
    allowed = TAIL * len(level)
    if change > 0:
        return len(level) - bisect_left(level, min(group)) <= allowed
    return bisect_left(level, max(group)) <= allowed
