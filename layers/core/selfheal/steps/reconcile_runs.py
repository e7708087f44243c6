"""reconcile_runs: find the runs whose event never came, and put them in front of ingest_run."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from selfheal.domain.run import RunRef
from selfheal.ports import Clock, FinishedRuns, IntakeQueue, RunStore
from selfheal.wire import event_of

CHUNK = 100


def reconcile_runs(
    *, finished: FinishedRuns, runs: RunStore, queue: IntakeQueue, clock: Clock, look_back: timedelta
) -> list[RunRef]:
    """Queue every run that ended within ``look_back`` and is not stored; gives those queued.

    Queueing a run twice is harmless: ingest_run takes it in once.
    """
    found: list[RunRef] = []
    for refs in _chunks(finished, clock, look_back):
        known = runs.known([ref.run_id for ref in refs])
        lost = [ref for ref in refs if ref.run_id not in known]
        queue.send(event_of(ref) for ref in lost)
        found += lost
    return found


def _chunks(finished: FinishedRuns, clock: Clock, look_back: timedelta) -> Iterator[list[RunRef]]:
    refs = iter(finished.ended_since(clock.now() - look_back))
    while chunk := list(islice(refs, CHUNK)):
        yield chunk
