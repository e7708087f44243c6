"""ingest_run: an event says that a run is over; read it, measure it, store it, tell the bus."""

from selfheal.domain.errors import MeasurementIncomplete
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import Run, RunRef, Service
from selfheal.ports import BuildMetrics, EventBus, Lake, Resumer, RunReader, RunStore, TestReports, Waiters
from selfheal.wire import run_ref

RUN_MEASURED = "Run Measured"


def ingest_run(
    event: object,
    *,
    reader: RunReader,
    reports: TestReports,
    metrics: BuildMetrics,
    lake: Lake,
    runs: RunStore,
    waiters: Waiters,
    resumer: Resumer,
    bus: EventBus,
) -> Measurement | None:
    """Take in one EventBridge event; gives the measurement when this call announced it, else None.

    Everything but the run's name is read from the service, never from the event. Each write can be repeated;
    the run is marked announced last, so a crash anywhere means that the event's next delivery goes on.
    """
    ref = run_ref(event)
    if ref is None:
        return None
    stored = runs.get(ref.run_id)
    if stored is not None and stored.announced:
        return None
    measurement = stored.measurement if stored else measure(ref, reader, reports, metrics)
    measurement = runs.save(measurement).measurement
    lake.put([measurement])
    _resume_waiters(measurement, waiters, resumer)
    bus.publish(RUN_MEASURED, run_measured(measurement))
    runs.mark_announced(measurement.run_id)
    return measurement


def measure(ref: RunRef, reader: RunReader, reports: TestReports, metrics: BuildMetrics) -> Measurement:
    """The measurement of a finished run. Raises MeasurementIncomplete while the service says it is running."""
    run = reader.read(ref)
    duration = run.duration_seconds
    if not run.status.terminal or duration is None:
        raise MeasurementIncomplete(f"{ref.run_id} is still {run.status} although its event says it is over")
    is_build = ref.key.service is Service.CODEBUILD
    utilisation = metrics.utilisation(run) if is_build else None
    cpu = utilisation.cpu_percent if utilisation else None
    memory = utilisation.memory_percent if utilisation else None
    return Measurement(
        run_id=ref.run_id,
        pipeline=ref.key,
        status=run.status,
        started_at=run.started_at,
        duration_seconds=duration,
        phases=_whole_phases(run),
        queued_seconds=run.queued_seconds,
        tests=reports.totals(run.report_arns) if run.report_arns else None,
        cpu_percent=cpu,
        memory_percent=memory,
        source_version=run.source_version,
        initiator=run.initiator,
        compute_type=run.compute_type,
        covered_by=run.covered_by,
        missing=tuple(
            name
            for name, value in (("cpu_percent", cpu), ("memory_percent", memory))
            if is_build and value is None
        ),
    )


def run_measured(measurement: Measurement) -> dict[str, object]:
    """The detail of a "Run Measured" event."""
    return {
        "run_id": measurement.run_id,
        "pipeline": str(measurement.pipeline),
        "status": measurement.status.value,
    }


def _whole_phases(run: Run) -> dict[str, float]:
    return {
        phase.name: phase.seconds
        for phase in run.phases
        if phase.seconds is not None and phase.status.upper() == "SUCCEEDED"
    }


def _resume_waiters(measurement: Measurement, waiters: Waiters, resumer: Resumer) -> None:
    """Stored first, waiters read second: await_outcome does it the other way round, so one of them sees both."""
    for token in waiters.of_run(measurement.run_id):
        resumer.resume(token, {"run_id": measurement.run_id, "status": measurement.status.value})
