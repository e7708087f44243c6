"""verify: whether a run that an action started is worse than the one it was to heal, read from the services anew."""

from selfheal.domain.errors import RunNotFound
from selfheal.domain.incident import Incident
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunRef
from selfheal.domain.verification import worsening
from selfheal.ports import RunReader, RunStore
from selfheal.remedies.registry import remedy_module


def telling(measurement: Measurement, runs: RunStore) -> RunRef:
    """The run itself, or the build or deployment in it that failed and speaks for it, if it is known here."""
    inside = runs.get(measurement.covered_by) if measurement.covered_by else None
    told = inside.measurement if inside else measurement
    return RunRef(told.pipeline, told.run_id)


def worse(incident: Incident, remedy: str, new_run_id: str, *, reader: RunReader, runs: RunStore) -> str:
    """In what the run that the remedy started is worse than the incident's; empty when it is not, or nobody knows."""
    stored = runs.get(new_run_id)
    if stored is None:
        return ""
    try:
        again, first = reader.read(telling(stored.measurement, runs)), reader.read(incident.run)
    except RunNotFound:
        return ""
    return worsening(first, again, remedy_module(remedy).REMEDY) if again.status.failed else ""
