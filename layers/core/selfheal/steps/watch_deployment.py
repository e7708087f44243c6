"""watch_deployment: an alarm of a deployed service went off; open an incident when a deployment is to blame.

It looks when an alarm changes and when a deployment was measured, whichever comes last: an alarm may ring before the
deployment is over. Whatever it is told, it believes only what CloudWatch and the table say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from selfheal.diagnose.redact import Redactor
from selfheal.domain.errors import IncidentNotFound
from selfheal.domain.harm import (
    Alarm,
    AlarmState,
    Harm,
    Unblamed,
    baking,
    deployed_in,
    newest_first,
    one_release,
    unproven,
)
from selfheal.domain.incident import Incident, IncidentKind, harm_incident_id
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, RunRef, RunStatus
from selfheal.domain.score import Level, Score
from selfheal.domain.watch import Watch
from selfheal.harm_ports import AlarmReader, Harms
from selfheal.ports import ActionStore, Clock, EventBus, IncidentStore, Ledger, RunStore
from selfheal.steps.open_incident import lineage_of, open_incident

SEARCHED_RUNS = 20
MOST_RIVALS = 5
CLOCKS_APART = timedelta(minutes=2)
REASON_CHARS = 500
NOT_SCORED = Score(0.0, ready=False, level=Level.NONE)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was made of a ringing alarm: the incident it belongs to, or why there is none."""

    alarm: str
    incident_id: str = ""
    unblamed: Unblamed | None = None


@dataclass(frozen=True, slots=True)
class DeploymentWatch:
    """Everything that watching takes."""

    watches: Sequence[Watch]
    alarms: AlarmReader
    runs: RunStore
    actions: ActionStore
    harms: Harms
    incidents: IncidentStore
    ledger: Ledger
    bus: EventBus
    clock: Clock

    def look(self, hint: str | PipelineKey) -> list[Watched]:
        """Look at the alarm of that name, or at every alarm that rings for that pipeline.

        An alarm that nobody is to blame for is told of when it goes off, and not at every deployment after that.
        """
        found = [self._blame(alarm) for alarm in self._ringing(hint)]
        return found if isinstance(hint, str) else [watched for watched in found if watched.incident_id]

    def _ringing(self, hint: str | PipelineKey) -> list[Alarm]:
        if isinstance(hint, str):
            alarm = self.alarms.read(hint) if self._covering(hint) else None
            return [alarm] if alarm and self._rings(alarm) else []
        mine = [watch for watch in self.watches if watch.pipeline == hint]
        ringing = self.alarms.ringing() if mine else []
        return [alarm for alarm in ringing if self._rings(alarm) and any(w.covers(alarm.name) for w in mine)]

    def _rings(self, alarm: Alarm) -> bool:
        return alarm.state is AlarmState.ALARM and alarm.since <= self.clock.now() + CLOCKS_APART

    def _covering(self, alarm: str) -> list[Watch]:
        return [watch for watch in self.watches if watch.covers(alarm)]

    def _blame(self, alarm: Alarm) -> Watched:
        suspects = newest_first(self._suspects(alarm))
        if reason := self._unblamed(suspects):
            return Watched(alarm.name, unblamed=reason)
        blamed = self._narrowed(suspects)
        if reason := self._unblamed([blamed]):
            return Watched(alarm.name, unblamed=reason)
        others = [run for run in suspects if run != blamed and not one_release(run, blamed)]
        incident_id = harm_incident_id(blamed.run_id)
        # The alarm first: whoever sees the incident sees what it is about.
        self.harms.note(incident_id, self._harm(alarm, blamed, unproven(blamed, others)))
        self._open(incident_id, blamed, alarm.name)
        return Watched(alarm.name, incident_id)

    def _suspects(self, alarm: Alarm) -> Iterable[Measurement]:
        for watch in self._covering(alarm.name):
            for stored in self.runs.history(watch.pipeline, _just_after(alarm.since), SEARCHED_RUNS):
                if baking(stored.measurement, alarm.since, watch.bake):
                    yield stored.measurement

    def _narrowed(self, suspects: Sequence[Measurement]) -> Measurement:
        """The latest of them; of a stage and the deployment that it made the deployment, unless the stage was blamed
        before: an alarm that speaks for both is one incident."""
        latest = suspects[0]
        made = deployed_in(latest, suspects)
        return latest if not made or self._known(harm_incident_id(latest.run_id)) else made[0]

    def _known(self, incident_id: str) -> bool:
        try:
            self.incidents.get(incident_id)
        except IncidentNotFound:
            return False
        return True

    def _unblamed(self, suspects: Sequence[Measurement]) -> Unblamed | None:
        """A deployment that did not succeed is another's business, and going back on a rollback would never end."""
        if not suspects:
            return Unblamed.OUTSIDE_WINDOW
        latest = suspects[0]
        if latest.status is not RunStatus.SUCCEEDED:
            return Unblamed.NOT_SUCCEEDED
        return Unblamed.ROLLBACK if latest.rolls_back or self._went_back(latest.run_id) else None

    def _went_back(self, run_id: str) -> bool:
        """Whether Selfheal started the run in order to go back; CodeDeploy takes that for anybody's deployment."""
        incident_id = self.actions.incident_of_run(run_id)
        action = self.actions.of_incident(incident_id) if incident_id else None
        return action is not None and action.remedy.startswith("roll_back")

    def _harm(self, alarm: Alarm, blamed: Measurement, rivals: Sequence[Measurement]) -> Harm:
        """As it goes into the table: anybody who may set an alarm's state writes its reason."""
        reason = Redactor(()).redact_on_one_line(alarm.reason)[:REASON_CHARS]
        after = (alarm.since - blamed.ended_at).total_seconds()
        named = tuple(f"{rival.pipeline} {rival.run_id}" for rival in rivals[:MOST_RIVALS])
        return Harm(replace(alarm, reason=reason), round(after, 3), named)

    def _open(self, incident_id: str, blamed: Measurement, alarm: str) -> None:
        stored = self.runs.get(blamed.run_id)
        incident = Incident(
            id=incident_id,
            run=RunRef(blamed.pipeline, blamed.run_id),
            kind=IncidentKind.HARMFUL,
            lineage=lineage_of(blamed),
            opened_at=self.clock.now(),
            score=stored.score if stored and stored.score else NOT_SCORED,
        )
        open_incident(incident, self.incidents, self.ledger, self.bus, alarm=alarm)


def _just_after(moment: datetime) -> datetime:
    return moment + timedelta(microseconds=1)
