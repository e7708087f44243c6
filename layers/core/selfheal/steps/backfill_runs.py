"""backfill_runs: take the past in, as if Selfheal had been there: measured and kept, but announced to nobody."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice

from selfheal.detect.detector import WINDOW
from selfheal.domain.errors import MeasurementIncomplete, RunNotFound
from selfheal.domain.measurement import Measurement, flaws
from selfheal.domain.run import PipelineKey, Run
from selfheal.measure_ports import Quarantine, Standings
from selfheal.ports import Lake, RunStore
from selfheal.steps.measure_run import Gauges, measure
from selfheal.steps.standing import standing_of

CHUNK = 50
EVER = datetime.max.replace(tzinfo=UTC)


class Fate(StrEnum):
    """What became of a run of the past: stored now, stored before, set aside for its numbers, or not there any more."""

    STORED = "stored"
    KNOWN = "known"
    QUARANTINED = "quarantined"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is: how many runs met which fate; the pipeline and the start of the run looked at last."""

    fates: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    pipeline: PipelineKey | None = None
    reached: datetime | None = None

    def at(self, run: Run) -> "Progress":
        """The same, one run further."""
        return replace(self, pipeline=run.ref.key, reached=run.started_at)

    def met(self, fate: Fate, runs: int = 1) -> "Progress":
        """The same with so many runs more that met this fate."""
        return replace(self, fates={**self.fates, fate: self.fates[fate] + runs})


@dataclass(frozen=True, slots=True)
class Backfill:
    """What a backfill works with. ``tell`` hears of every run."""

    gauges: Gauges
    lake: Lake
    quarantine: Quarantine
    runs: RunStore
    standings: Standings
    tell: Callable[[Progress], None]

    def take_in(self, past: Iterable[Run]) -> Progress:
        """Measure and keep every run of the past that is not stored yet; gives what became of all.

        Stored runs are the only memory of how far it came: whoever starts again passes them over.
        """
        done = Progress()
        pipelines: set[PipelineKey] = set()
        for chunk in _chunks(past):
            done = self._take_in(chunk, done)
            pipelines |= {run.ref.key for run in chunk}
        for pipeline in pipelines:
            self._keep_standing(pipeline)
        return done

    def _take_in(self, chunk: Sequence[Run], done: Progress) -> Progress:
        known = self.runs.known([run.ref.run_id for run in chunk])
        fresh: list[Measurement] = []
        for run in chunk:
            done = done.at(run)
            result = Fate.KNOWN if run.ref.run_id in known else self._measured(run)
            if isinstance(result, Measurement):
                fresh.append(result)
            else:
                done = done.met(result)
            self.tell(done)
        self._keep(fresh)
        done = done.met(Fate.STORED, len(fresh))
        self.tell(done)
        return done

    def _measured(self, run: Run) -> Measurement | Fate:
        try:
            measurement = measure(run, self.gauges)
        except (RunNotFound, MeasurementIncomplete):
            return Fate.GONE
        if reasons := flaws(measurement):
            self.quarantine.put(measurement, reasons)
            return Fate.QUARANTINED
        return measurement

    def _keep(self, fresh: Sequence[Measurement]) -> None:
        """The lake comes first: a run that is stored is passed over later, so by then the lake must have it.

        Stored as announced and settled: nobody is told of the past, and CloudWatch will not know more of it.
        """
        self.lake.put(fresh)
        for measurement in fresh:
            self.runs.save(measurement, announced=True)

    def _keep_standing(self, pipeline: PipelineKey) -> None:
        if stored := self.runs.history(pipeline, EVER, WINDOW):
            self.standings.keep(standing_of(stored))


def _chunks(past: Iterable[Run]) -> Iterator[list[Run]]:
    """Each run once in a chunk: a history that grows while it is read may list one twice."""
    runs = iter(past)
    while chunk := list(islice(runs, CHUNK)):
        yield list({run.ref.run_id: run for run in chunk}.values())
