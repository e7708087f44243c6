"""Incident: a run that needs attention."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from selfheal.domain.run import PipelineKey, RunRef
from selfheal.domain.score import Score


class IncidentKind(StrEnum):
    """Why the run needs attention: it failed, it passed but is odd, or what it deployed is harming users."""

    FAILED = "failed"
    ANOMALOUS = "anomalous"
    HARMFUL = "harmful"


def incident_id(run_id: str) -> str:
    """The id of the one incident a run can have: the same however often its event arrives (16 hex digits)."""
    return hashlib.sha256(run_id.encode()).hexdigest()[:16]


def harm_incident_id(run_id: str) -> str:
    """The id of the one incident that a deployment's harm can have, beside the one of the run itself."""
    return incident_id(f"harmful:{run_id}")


@dataclass(frozen=True, slots=True)
class Lineage:
    """What attempts are counted against: one commit of one pipeline, whoever started the runs.

    ``source_version`` is the run's id where the commit is not known.
    """

    pipeline: PipelineKey
    source_version: str

    def __str__(self) -> str:
        return f"{self.pipeline}@{self.source_version}"


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. ``status`` is the last thing the ledger knows of it (a LedgerKind value)."""

    id: str
    run: RunRef
    kind: IncidentKind
    lineage: Lineage
    opened_at: datetime
    score: Score
    status: str = "opened"
