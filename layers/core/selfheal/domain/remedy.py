"""Remedy: an entry of the closed catalogue."""

from dataclasses import dataclass
from enum import StrEnum

from selfheal.domain.diagnosis import Cause, Suspect


class Risk(StrEnum):
    """How much a remedy can do wrong: nothing, repeat work, or change something shared."""

    NONE = "none"
    REPEATS = "repeats"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a remedy is, apart from how it is carried out.

    ``causes`` are those it may be used for; ``suspect`` narrows it to failures where that part of the
    environment is to blame; ``delay_seconds`` is waited before it is carried out; ``iam_actions`` are all
    the calls it makes (the template grants execute_action exactly the union); ``undo`` says how a person
    takes it back.
    """

    id: str
    summary: str
    causes: frozenset[Cause]
    risk: Risk
    iam_actions: frozenset[str]
    undo: str
    suspect: Suspect = Suspect.NONE
    delay_seconds: int = 0
