"""Drift: whether recent runs still look like those that the serving model was promoted on.

The population stability index of each feature and of the scores, over ten bins of equal share in the reference. It
measures how large a change is, where the p-value of a Kolmogorov-Smirnov test says only that there is one, which
with thousands of runs there always is; and it needs a table of bins where the other needs the sample.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from selfheal.domain.model import Bins, DriftState

BINS = 10
FEWEST_RUNS = 300
DRIFTED = 0.25
GONE = 0.1
CHECKS_IN_A_ROW = 2
COOL_DOWN = timedelta(days=1)

Samples = Mapping[str, Sequence[float]]
"""The values of every metric (a feature or the score), one for each run."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The largest index and the metric it was found for; ``runs`` is how many were looked at."""

    index: float
    metric: str
    runs: int


def bins_of(values: Sequence[float]) -> Bins:
    """The bins of one metric in the reference: cuts between tenths, and the share of the runs in each bin.

    Equal values stay together, so there may be fewer bins than ten.
    """
    ordered = sorted(values)
    cuts = tuple(sorted({ordered[len(ordered) * n // BINS] for n in range(1, BINS)})) if ordered else ()
    return Bins(cuts, _shares(cuts, values))


def reference_of(samples: Samples) -> dict[str, Bins]:
    """The bins of every metric."""
    return {metric: bins_of(values) for metric, values in samples.items()}


def stability_index(bins: Bins, values: Sequence[float]) -> float:
    """How far the values are from the reference: 0 when they lie alike, above 0.25 when they changed a lot.

    A bin that is empty on one side counts as half a run, or one run in it would be infinitely far.
    """
    least = 0.5 / max(len(values), 1)
    pairs = zip(bins.shares, _shares(bins.cuts, values), strict=True)
    floored = [(max(expected, least), max(found, least)) for expected, found in pairs]
    return sum((found - expected) * math.log(found / expected) for expected, found in floored)


def drift_of(reference: Mapping[str, Bins], samples: Samples) -> Drift | None:
    """The metric that drifted most; None while there are too few runs or no reference to say."""
    runs = min((len(values) for values in samples.values()), default=0)
    common = [metric for metric in reference if metric in samples]
    if runs < FEWEST_RUNS or not common:
        return None
    index, metric = max((stability_index(reference[metric], samples[metric]), metric) for metric in common)
    return Drift(index, metric, runs)


def after_check(state: DriftState, found: Drift, at: datetime) -> tuple[DriftState, bool]:
    """The state after a check at that moment, and whether to train now.

    It takes two checks in a row to ask for a training, no second one within a day, and none until the drift of the
    first is gone: a level shift trains once, however long it is felt and whatever came of the training.
    """
    above = state.above + 1 if found.index >= DRIFTED else 0
    latched = state.latched and found.index >= GONE
    train = above >= CHECKS_IN_A_ROW and not latched and at - state.trained_at >= COOL_DOWN
    seen = replace(state, checked_at=at, above=above, latched=latched, index=found.index, metric=found.metric)
    return (replace(seen, latched=True, trained_at=at), True) if train else (seen, False)


def _shares(cuts: Sequence[float], values: Sequence[float]) -> tuple[float, ...]:
    counts = [0] * (len(cuts) + 1)
    for value in values:
        counts[bisect_right(cuts, value)] += 1
    return tuple(count / max(len(values), 1) for count in counts)
