"""Action: one execution of a remedy, and what verifiably came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ActionStatus(StrEnum):
    """``intended``: written before the call; ``started``: a new run is under way; ``done``: nothing to wait for."""

    INTENDED = "intended"
    STARTED = "started"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Action:
    """The one action of an incident. ``new_run_id`` is the run it started, empty when it started none."""

    incident_id: str
    remedy: str
    status: ActionStatus
    intended_at: datetime
    new_run_id: str = ""
    reason: str = ""


class OutcomeStatus(StrEnum):
    """What verifiably came of an incident."""

    HEALED = "healed"
    NOT_HEALED = "not_healed"
    UNKNOWN = "unknown"
    NOTIFIED = "notified"
    OBSERVED = "observed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Observed:
    """How the run started by an action ended: a RunStatus value, or UNKNOWN when nobody saw it end in time."""

    status: str
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome with its reason in plain words; ``seconds`` from incident opened to outcome recorded."""

    status: OutcomeStatus
    reason: str
    seconds: float
