"""CloudWatch alarms, and which incidents they belong to, in memory."""

from dataclasses import dataclass, field
from datetime import datetime

from selfheal.domain.harm import Alarm, AlarmState, Harm
from selfheal.testing.builders import NOON


@dataclass
class MemoryAlarms:
    """AlarmReader."""

    alarms: dict[str, Alarm] = field(default_factory=dict)

    def ring(self, name: str, since: datetime = NOON, reason: str = "Threshold Crossed") -> Alarm:
        """Let an alarm go off."""
        alarm = Alarm(name, AlarmState.ALARM, since, reason, (0.0, 14.0), 5.0)
        self.alarms[name] = alarm
        return alarm

    def settle(self, name: str, since: datetime = NOON) -> None:
        """Let an alarm go back to OK."""
        self.alarms[name] = Alarm(name, AlarmState.OK, since)

    def read(self, name: str) -> Alarm | None:
        """AlarmReader."""
        return self.alarms.get(name)

    def ringing(self) -> list[Alarm]:
        """AlarmReader."""
        return [alarm for alarm in self.alarms.values() if alarm.state is AlarmState.ALARM]


@dataclass
class MemoryHarms:
    """Harms."""

    noted: dict[str, dict[str, Harm]] = field(default_factory=dict)

    def note(self, incident_id: str, harm: Harm) -> bool:
        """Harms."""
        return self.noted.setdefault(incident_id, {}).setdefault(harm.alarm.name, harm) is harm

    def of_incident(self, incident_id: str) -> list[Harm]:
        """Harms."""
        return [harm for _, harm in sorted(self.noted.get(incident_id, {}).items())]
