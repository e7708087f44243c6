"""ingest_run: an event says that a run is over; read it, measure it, store it, tell the bus.

A batch of events goes through in three stages: each is taken in, all together are recorded in the lake, each is
finished. Every write can be repeated, and the mark that says a run is done comes last: a crash anywhere means that the
event's next delivery goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum

from selfheal.domain.measurement import Measurement, completed, flaws
from selfheal.domain.run import RunRef
from selfheal.measure_ports import Quarantine, Utilisation
from selfheal.ports import Clock, EventBus, Lake, RunReader, RunStore, StoredRun, Waiters
from selfheal.steps.measure_run import Gauges, measure, settled, utilisation
from selfheal.wire import run_ref

RUN_MEASURED = "Run Measured"
RUN_ENDED = "Run Ended"
LATE_METRICS = len(fields(Utilisation))


class Intake(StrEnum):
    """What came of an event: a run seen for the first time, late metrics of a known one, or numbers nobody can
    believe."""

    MEASURED = "measured"
    COMPLETED = "completed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that was taken in. ``late`` names the metrics that were missing until now."""

    measurement: Measurement
    intake: Intake
    late: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RunIntake:
    """Takes in the runs of one batch of events; ``taken`` are the ids it has to do with already."""

    reader: RunReader
    gauges: Gauges
    lake: Lake
    quarantine: Quarantine
    runs: RunStore
    waiters: Waiters
    bus: EventBus
    clock: Clock
    taken: set[str] = field(default_factory=set)

    def take_in(self, event: object) -> Taken | None:
        """Measure and store the run of one EventBridge event; None when there is nothing (more) to do.

        Everything but the run's name is read from the service, never from the event.
        """
        ref = run_ref(event)
        if ref is None or ref.run_id in self.taken:
            return None
        taken = self._take_in(ref)
        if taken is not None:
            self.taken.add(ref.run_id)
        return taken

    def record(self, taken: Sequence[Taken]) -> None:
        """Write into the lake what the table holds. A run of which no metric came late is there already."""
        news = [t for t in taken if t.intake is Intake.MEASURED or len(t.measurement.missing) < LATE_METRICS]
        self.lake.put([t.measurement for t in news if t.intake is not Intake.QUARANTINED])

    def finish(self, taken: Taken) -> None:
        """Tell those who wait, tell the bus, and mark the run as done."""
        measurement = taken.measurement
        if taken.intake is Intake.MEASURED:
            self._wake_waiters(measurement)
            self.bus.publish(RUN_MEASURED, run_measured(measurement))
            self.runs.mark_announced(measurement.run_id)
        elif taken.intake is Intake.COMPLETED and settled(measurement, self.clock.now()):
            if len(measurement.missing) < LATE_METRICS:
                # Scored anew, for what came late may be what is odd; an incident opens once a run, however often.
                self.bus.publish(RUN_MEASURED, run_measured(measurement))
            self.runs.settle(measurement.run_id)

    def _take_in(self, ref: RunRef) -> Taken | None:
        stored = self.runs.get(ref.run_id)
        if stored is None:
            return self._first(ref)
        if not stored.announced:
            return Taken(stored.measurement, Intake.MEASURED)
        return None if stored.settled else self._again(ref, stored)

    def _first(self, ref: RunRef) -> Taken | None:
        measurement = measure(self.reader.read(ref), self.gauges)
        if reasons := flaws(measurement):
            # Its numbers cannot be believed, its status can: nobody is left waiting, nor will be who comes later.
            self.waiters.note_end(ref.run_id, measurement.status.value)
            self._wake_waiters(measurement)
            new = self.quarantine.put(measurement, reasons)
            return Taken(measurement, Intake.QUARANTINED) if new else None
        stored = self.runs.save(measurement, settled=settled(measurement, self.clock.now()))
        return Taken(stored.measurement, Intake.MEASURED)

    def _again(self, ref: RunRef, stored: StoredRun) -> Taken | None:
        """Look once more for what is missing. Late numbers that cannot be believed count as never come."""
        old = stored.measurement
        new = completed(old, utilisation(self.reader.read(ref), self.gauges)) if old.missing else old
        if reasons := flaws(new):
            self.quarantine.put(new, reasons)
            new = old
        if new.missing == old.missing and not settled(old, self.clock.now()):
            return None
        kept = self.runs.complete(old, new).measurement
        return Taken(kept, Intake.COMPLETED, frozenset(old.missing) - frozenset(kept.missing))

    def _wake_waiters(self, measurement: Measurement) -> None:
        """Stored first, waiters read second: await_outcome does it the other way round, so one of them sees both."""
        run_id = measurement.run_id
        if self.waiters.of(run_id):
            self.waiters.note_end(run_id, measurement.status.value)
            self.bus.publish(RUN_ENDED, {"run_id": run_id})


def run_measured(measurement: Measurement) -> dict[str, object]:
    """The detail of a "Run Measured" event."""
    return {
        "run_id": measurement.run_id,
        "pipeline": str(measurement.pipeline),
        "status": measurement.status.value,
    }
