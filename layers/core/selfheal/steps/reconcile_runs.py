"""reconcile_runs: find runs whose event never came or whose metrics were late; put them in front of ingest_run."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from selfheal.domain.run import RunRef
from selfheal.ports import Clock, FinishedRuns, IntakeQueue, RunStore
from selfheal.steps.measure_run import METRICS_GIVEN_UP, worth_another_look
from selfheal.wire import event_of

CHUNK = 100
# How many reconciliations back: one missed schedule loses nothing.
RECONCILIATIONS_BACK = 4


def look_back(every: timedelta) -> timedelta:
    """How far back to look when it is done so often: far enough that late metrics are asked for to the end."""
    return max(RECONCILIATIONS_BACK * every, 2 * METRICS_GIVEN_UP)


def reconcile_runs(
    *, finished: FinishedRuns, runs: RunStore, queue: IntakeQueue, clock: Clock, look_back: timedelta
) -> list[RunRef]:
    """Queue every run that ended within ``look_back`` and is not stored, or lacks metrics; gives those queued.

    Queueing a run twice is harmless: ingest_run takes it in once.
    """
    now, queued = clock.now(), []
    for refs in _chunks(finished, now - look_back):
        known = runs.known([ref.run_id for ref in refs])
        wanted = [r for r in refs if r.run_id not in known or worth_another_look(known[r.run_id], now)]
        queue.send(event_of(ref) for ref in wanted)
        queued += wanted
    return queued


def _chunks(finished: FinishedRuns, since: datetime) -> Iterator[list[RunRef]]:
    refs = iter(finished.ended_since(since))
    while chunk := list(islice(refs, CHUNK)):
        yield chunk
