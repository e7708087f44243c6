"""Confirmed incidents do not become part of what is normal, unless there is no end of them."""

from collections.abc import Sequence

from selfheal.domain.measurement import Measurement
from selfheal.ports import StoredRun

MOST_IN_A_ROW = 5


def without_confirmed(history: Sequence[StoredRun]) -> list[Measurement]:
    """The measurements of a pipeline's history (newest first, so is the result) without confirmed incidents.

    Of a row of them only the first five are left out: what comes after those is the new normal and is learned.
    Only confirmed incidents, because leaving out every alarm makes a detector blind for what comes after a change.
    """
    kept: list[Measurement] = []
    in_a_row = 0
    for run in reversed(history):
        in_a_row = in_a_row + 1 if run.confirmed else 0
        if in_a_row == 0 or in_a_row > MOST_IN_A_ROW:
            kept.append(run.measurement)
    return kept[::-1]
