"""Remedy: an entry of the closed catalogue."""

from dataclasses import dataclass
from enum import StrEnum

from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import Service

TAG_KEY, TAG_VALUE = "selfheal", "enabled"
"""Only what its owner has given this tag is ever touched; IAM says the same (template.yaml)."""


class Risk(StrEnum):
    """How much a remedy can do wrong, from least to most: nothing; repeat work; repeat it with more than its project
    grants, which costs more; change something shared that can be taken back; replace what serves users."""

    NONE = "none"
    REPEATS = "repeats"
    SPENDS = "spends"
    CHANGES = "changes"
    REPLACES = "replaces"

    @property
    def rank(self) -> int:
        """Its place in the order above: 0 for no risk."""
        return list(Risk).index(self)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a remedy is, apart from how it is carried out.

    ``causes`` are those it may be used for, ``made_for`` those it is the particular answer to; ``suspect`` narrows it
    to failures where that part of the environment is to blame. ``services`` are those it goes through (a build that a
    pipeline started is repeated through CodePipeline). With ``needs_transient`` it is of no use unless another attempt
    of the same can pass. ``only_by_name``: it is no choice unless a policy rule names it. ``delay_seconds`` is waited
    before it is carried out. ``awaits``: what it starts is a run whose end comes back as an event. ``iam_actions`` are
    all the calls it makes (the template grants execute_action exactly the union); ``undo`` says how a person takes it
    back.
    """

    id: str
    summary: str
    causes: frozenset[Cause]
    risk: Risk
    iam_actions: frozenset[str]
    undo: str
    services: frozenset[Service] = frozenset({Service.CODEBUILD})
    kinds: frozenset[IncidentKind] = frozenset({IncidentKind.FAILED})
    needs_transient: bool = True
    made_for: frozenset[Cause] = frozenset()
    suspect: Suspect = Suspect.NONE
    delay_seconds: int = 0
    awaits: bool = True
    only_by_name: bool = False
