"""Actions, budgets, brakes and the kill switch, in memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.brakes import Brakes, Pause, SwitchEntry, SwitchEvent
from selfheal.domain.errors import ActionRefused, RequestRejected
from selfheal.domain.incident import Lineage
from selfheal.domain.limits import Limits
from selfheal.domain.run import PipelineKey
from selfheal.domain.spending import Cost, Spent


@dataclass(frozen=True, slots=True)
class Charge:
    """One action as it was charged to the budgets."""

    lineage: Lineage
    at: datetime
    cost: Cost


@dataclass
class MemoryActions:
    """ActionStore and Breakers."""

    actions: dict[str, Action] = field(default_factory=dict)
    charged: list[Charge] = field(default_factory=list)
    acted: dict[PipelineKey, datetime] = field(default_factory=dict)
    tried: dict[tuple[PipelineKey, str], Brakes] = field(default_factory=dict)
    fed: set[str] = field(default_factory=set)

    def intend(self, action: Action, lineage: Lineage, limits: Limits) -> Action:
        """ActionStore."""
        existing = self.actions.get(action.incident_id)
        if existing is not None:
            return existing
        pipeline, at = lineage.pipeline, action.intended_at
        brakes = self.brakes(pipeline, action.remedy)
        if reason := limits.objection(str(pipeline), action.remedy, self.spent(lineage, at), brakes, at):
            raise ActionRefused(reason)
        self.charged.append(Charge(lineage, at, limits.cost))
        self.acted[pipeline] = at
        self.tried[pipeline, action.remedy] = replace(brakes, tried_at=at, tried_for=action.incident_id)
        self.actions[action.incident_id] = action
        return action

    def finish(self, action: Action) -> None:
        """ActionStore. An action ends once; the same end again changes nothing."""
        stored = self.actions.get(action.incident_id)
        if stored and stored.status is not ActionStatus.INTENDED and stored != action:
            raise RequestRejected(f"the action of incident {action.incident_id} is {stored.status} already")
        self.actions[action.incident_id] = action

    def of_incident(self, incident_id: str) -> Action | None:
        """ActionStore."""
        return self.actions.get(incident_id)

    def incident_of_run(self, run_id: str) -> str:
        """ActionStore."""
        return next((a.incident_id for a in self.actions.values() if a.new_run_id == run_id), "")

    def spent(self, lineage: Lineage, at: datetime) -> Spent:
        """ActionStore."""
        day = [charge for charge in self.charged if charge.at.date() == at.date()]
        hour = [charge for charge in day if charge.at.hour == at.hour]
        return Spent(
            per_commit=sum(charge.lineage == lineage for charge in self.charged),
            per_pipeline_hour=sum(charge.lineage.pipeline == lineage.pipeline for charge in hour),
            per_account_day=len(day),
            build_seconds=sum(charge.cost.build_seconds for charge in day),
            microdollars=sum(charge.cost.microdollars for charge in day),
        )

    def brakes(self, pipeline: PipelineKey, remedy: str) -> Brakes:
        """ActionStore."""
        known = self.tried.get((pipeline, remedy), Brakes())
        return replace(known, acted_at=self.acted.get(pipeline))

    def feed(
        self, incident_id: str, pipeline: PipelineKey, remedy: str, *, healed: bool, at: datetime
    ) -> None:
        """Breakers."""
        if incident_id in self.fed:
            return
        self.fed.add(incident_id)
        known = self.tried.get((pipeline, remedy), Brakes())
        failed = replace(known, failures=known.failures + 1, tried_at=at, tried_for="")
        self.tried[pipeline, remedy] = replace(known, failures=0) if healed else failed


@dataclass
class MemorySwitch:
    """SwitchBoard."""

    pause_now: Pause | None = None
    entries: list[SwitchEntry] = field(default_factory=list)

    def paused(self) -> Pause | None:
        """Switch."""
        return self.pause_now

    def pause(self, pause: Pause) -> Pause:
        """SwitchBoard."""
        if self.pause_now is None:
            self.pause_now = pause
            self.entries.append(SwitchEntry(SwitchEvent.PAUSED, pause.by, pause.at, pause.reason))
        return self.pause_now

    def resume(self, by: str, at: datetime) -> Pause | None:
        """SwitchBoard."""
        ended, self.pause_now = self.pause_now, None
        if ended:
            self.entries.append(SwitchEntry(SwitchEvent.RESUMED, by, at))
        return ended

    def record(self, limit: int) -> list[SwitchEntry]:
        """SwitchBoard."""
        return self.entries[::-1][:limit]
