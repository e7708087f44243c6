"""What the states of the heal machine hand each other: the state data, as types."""

from dataclasses import dataclass

from selfheal.domain.action import Action, Observed, Outcome
from selfheal.domain.approval import Answer
from selfheal.domain.decision import Decision
from selfheal.domain.diagnosis import Diagnosis, Suggestion
from selfheal.domain.experiment import Again
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import PipelineKey


@dataclass(frozen=True, slots=True)
class HealState:
    """The state data of one execution; a member is None until its state has run.

    ``error``, ``cause`` and ``state`` are only there on the way to Escalate.
    """

    incident_id: str
    run_id: str
    pipeline: PipelineKey
    kind: IncidentKind
    diagnosis: Diagnosis | None = None
    suggestion: Suggestion | None = None
    decision: Decision | None = None
    action: Action | None = None
    observed: Observed | None = None
    examined: Again | None = None
    outcome: Outcome | None = None
    approval: Answer | None = None
    error: str = ""
    cause: str = ""
    state: str = ""


def approval_of(incident_id: str) -> str:
    """What an execution waits for that has asked for approval. No run has such an id: it holds spaces."""
    return f"the approval of {incident_id}"
