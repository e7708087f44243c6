"""Estimates what an action will take, before it is decided on and again before it is charged."""

from dataclasses import dataclass

from selfheal.domain.action import Plan
from selfheal.domain.incident import Incident
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run
from selfheal.domain.spending import Cost
from selfheal.measure_ports import Standings
from selfheal.ports import RunStore
from selfheal.pricing.estimate import build_prices, estimate

# Parameters of plans that change what a run takes.
COMPUTE_TYPE, TIMEOUT_MINUTES = "compute_type", "timeout_minutes"


@dataclass(frozen=True, slots=True)
class Estimator:
    """Reads what the pipeline took lately."""

    runs: RunStore
    standings: Standings

    def foreseen(self, incident: Incident, remedy: Remedy) -> Cost:
        """What the remedy will take, from the measured run; what starts no run takes nothing."""
        if not starts_a_run(remedy):
            return Cost()
        stored = self.runs.get(incident.run.run_id)
        measured = stored.measurement if stored else None
        seconds = measured.duration_seconds if measured else None
        return self._estimate(incident, measured.compute_type if measured else "", seconds)

    def planned(self, incident: Incident, remedy: Remedy, run: Run, plan: Plan) -> Cost:
        """What the plan will take: on the compute type and up to the time-out it names, else as the run did."""
        if not starts_a_run(remedy):
            return Cost()
        allowed = 60.0 * int(plan.parameters.get(TIMEOUT_MINUTES, 0))
        compute_type = plan.parameters.get(COMPUTE_TYPE, run.compute_type)
        return self._estimate(incident, compute_type, max(run.duration_seconds or 0.0, allowed))

    def _estimate(self, incident: Incident, compute_type: str, seconds: float | None) -> Cost:
        key = incident.run.key
        standing = self.standings.of(key)
        recent = standing.recent if standing else ()
        return estimate(key.service, compute_type, seconds, recent, build_prices())


def starts_a_run(remedy: Remedy) -> bool:
    """Whether carrying it out repeats a run, which then takes minutes of builds."""
    return remedy.awaits and remedy.risk is not Risk.NONE
