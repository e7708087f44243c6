"""Whether the harm of a deployment is over: its alarms, read again before it is rolled back and after that."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from selfheal.domain.action import Action, ActionStatus, OutcomeStatus
from selfheal.domain.errors import AlarmsUnsettled
from selfheal.domain.harm import AlarmState
from selfheal.domain.incident import Incident, IncidentKind
from selfheal.domain.policy import RUN_RUNBOOK
from selfheal.harm_ports import AlarmReader, Harms
from selfheal.ports import RunStore

# How long after the rollback's end the alarms may take to be quiet: a few of their periods.
SETTLING = timedelta(minutes=15)
_WORDS = {AlarmState.ALARM: "still rings", AlarmState.INSUFFICIENT_DATA: "has no data", None: "is gone"}

Judged = tuple[OutcomeStatus, str]


@dataclass(frozen=True, slots=True)
class AlarmCheck:
    """Says whether a rollback is still needed, and has the last word on one that went well and on a runbook."""

    harms: Harms
    alarms: AlarmReader
    runs: RunStore

    def over(self, incident: Incident) -> str:
        """Why nothing needs to be done about a harmful deployment any more; empty while an alarm is not OK."""
        if incident.kind is not IncidentKind.HARMFUL:
            return ""
        states = self._states(incident.id)
        quiet = states and all(state is AlarmState.OK for state in states.values())
        return f"the harm is over by itself: OK again: {', '.join(states)}" if quiet else ""

    def judge(self, incident: Incident, action: Action | None, judged: Judged, now: datetime) -> Judged:
        """The judgement of a harmful deployment's rollback or runbook: healed once every alarm of it is OK again.

        Raises AlarmsUnsettled while that may still come; after that it is not healed if an alarm still rings, unknown
        if one has no data or is gone, or if the runbook may still be at work. Every other judgement stays as it is.
        """
        status, reason = judged
        if incident.kind is not IncidentKind.HARMFUL or action is None:
            return judged
        runbook = action.remedy == RUN_RUNBOOK and action.status is ActionStatus.DONE
        if runbook:
            reason = f"{action.remedy} was carried out ({action.new_run_id})"
        elif status is not OutcomeStatus.HEALED:
            return judged
        states = self._states(incident.id)
        troubled = {name: state for name, state in states.items() if state is not AlarmState.OK}
        if not troubled:
            return OutcomeStatus.HEALED, f"{reason}, OK again: {', '.join(states)}"
        said = ", ".join(f"{name} {_WORDS[state]}" for name, state in troubled.items())
        if now < self._ended(action) + SETTLING:
            raise AlarmsUnsettled(f"incident {incident.id}: {said}")
        rings = AlarmState.ALARM in troubled.values() and not runbook
        return (OutcomeStatus.NOT_HEALED if rings else OutcomeStatus.UNKNOWN), f"{reason}, but {said}"

    def _states(self, incident_id: str) -> dict[str, AlarmState | None]:
        names = [harm.alarm.name for harm in self.harms.of_incident(incident_id)]
        found = {name: self.alarms.read(name) for name in names}
        return {name: alarm.state if alarm else None for name, alarm in found.items()}

    def _ended(self, action: Action) -> datetime:
        """When the run that the action started was over; when it was intended if that is not known any more."""
        stored = self.runs.get(action.new_run_id)
        return stored.measurement.ended_at if stored else action.intended_at
