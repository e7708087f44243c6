"""What tying alarms to deployments needs from the outside world; errors as in ports.py."""

from typing import Protocol

from selfheal.domain.harm import Alarm, Harm


class AlarmReader(Protocol):
    """Reads CloudWatch alarms, metric and composite ones; an event is only ever a hint that one changed."""

    def read(self, name: str) -> Alarm | None:
        """The alarm as it stands; None when there is none of that name."""

    def ringing(self) -> list[Alarm]:
        """Every alarm of the account and Region that is in the state ALARM."""


class Harms(Protocol):
    """Which alarms an incident is about."""

    def note(self, incident_id: str, harm: Harm) -> bool:
        """Note an alarm; True when it is new to the incident. The first note of an alarm stands."""

    def of_incident(self, incident_id: str) -> list[Harm]:
        """The alarms of one incident in the order of their names, read consistently; empty when it has none."""
