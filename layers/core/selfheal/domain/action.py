"""Action: one execution of a remedy, and what verifiably came of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """The one action of an incident. ``new_run_id`` is the run it started, empty when it started none. ``undo`` says
    what came of taking it back, empty when nobody tried."""

    incident_id: str
    remedy: str
    status: ActionStatus
    intended_at: datetime
    new_run_id: str = ""
    reason: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What exactly a remedy would do: what a person approves and what execution is held to.

    ``target`` names what it is done to (a build id, a stage of an execution, a deployment group), ``commit`` the
    source version that results, ``parameters`` whatever else the call says (a compute type, an execution to go
    back to). ``pipeline`` is the key of the pipeline that is touched where it is not the run's own: the stage that
    is retried for the sake of its build.
    """

    remedy: str
    target: str
    commit: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    pipeline: str = ""

    def digest(self, policy_version: str) -> str:
        """The SHA-256 (hex) of this very plan under that version of the policy; any difference gives another."""
        parts = [
            self.remedy,
            self.target,
            self.commit,
            sorted(self.parameters.items()),
            self.pipeline,
            policy_version,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class OutcomeStatus(StrEnum):
    """What verifiably came of an incident."""

    HEALED = "healed"
    NOT_HEALED = "not_healed"
    WORSE = "worse"
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
    """The outcome with its reason in plain words; ``seconds`` from incident opened to outcome recorded. ``label`` is
    what it shows the first failure to have been (see experiment.py), empty when it shows nothing. ``trust`` is what it
    changes in how far the remedy is trusted, in words for people, empty when nothing (see autonomy.py)."""

    status: OutcomeStatus
    reason: str
    seconds: float
    label: str = ""
    trust: str = ""
