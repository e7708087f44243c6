"""What matters of a run's log, held against what the pipeline's last good runs said."""

from collections.abc import Iterator
from itertools import chain, islice

from selfheal.diagnose.clean import clean_line
from selfheal.diagnose.excerpt import EXCERPT_BYTES, excerpt
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.shape import shapes
from selfheal.domain.errors import RequestRejected, RunNotFound
from selfheal.domain.run import Run, RunRef, RunStatus
from selfheal.ports import LogLine, LogReader, RunReader, RunStore

WINDOW = 20
GOOD_RUNS = 2
COMPARED_LINES = 300_000


def read_log(
    run: Run, redactor: Redactor, *, logs: LogReader, reader: RunReader, runs: RunStore
) -> tuple[list[LogLine], str]:
    """The redacted excerpt of the run's log; where it may not be read, why not, beside no lines.

    A run that passed needs none, and the last good runs are looked at only where something has to be left out.
    """
    if run.log is None or not run.status.failed:
        return [], ""
    try:
        lines = logs.lines(run.log)
        start = _start(lines)
        more = next(lines, None)
        if more is None:
            return excerpt(start, redactor), ""
        usual = _usual(run, logs, reader, runs)
        return excerpt(chain(start, [more], lines), redactor, usual), ""
    except RequestRejected as refusal:
        return [], f"Selfheal may not read this log, see BuildLogGroups and BuildLogBucket: {refusal}"


def _start(lines: Iterator[LogLine]) -> list[LogLine]:
    start, size = [], 0
    for line in lines:
        start.append(line)
        size += len(line.text) + 1
        if size >= EXCERPT_BYTES:
            break
    return start


def _usual(run: Run, logs: LogReader, reader: RunReader, runs: RunStore) -> frozenset[int]:
    """The shapes of what the last good runs said; empty when there is none whose log is there and not too long."""
    before = (stored.measurement for stored in runs.history(run.ref.key, run.started_at, WINDOW))
    good = [measured.run_id for measured in before if measured.status is RunStatus.SUCCEEDED]
    usual: frozenset[int] = frozenset()
    for run_id in good[:GOOD_RUNS]:
        try:
            place = reader.read(RunRef(run.ref.key, run_id)).log
            usual |= _shapes_of(logs.lines(place)) if place else frozenset()
        except (RunNotFound, RequestRejected):
            continue
    return usual


def _shapes_of(lines: Iterator[LogLine]) -> frozenset[int]:
    """Nothing of a log too long to compare with: what comes after its end could not be told from what is new."""
    compared = islice(lines, COMPARED_LINES)
    found = shapes(LogLine(line.number, clean_line(line.text)) for line in compared)
    return found if next(lines, None) is None else frozenset()
