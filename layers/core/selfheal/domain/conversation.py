"""What is asked of a language model, what it answers, and what that uses."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """Instructions that never change, evidence that is data and nothing else, and the shape of the answer.

    ``prompt`` is the version of the instructions; with ``incident_id`` it marks the call in Bedrock's own logs.
    ``schema`` is a flat, closed JSON Schema.
    """

    incident_id: str
    prompt: str
    instructions: str
    evidence: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What a model answered: its JSON text, not yet trusted in anything."""

    text: str
    model_id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one call, as Bedrock reports them."""

    model_id: str
    input_tokens: int
    output_tokens: int

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Reservation:
    """Tokens charged before a call. ``counts`` has each charged counter and where it stood right after."""

    tokens: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """The most tokens that models may be asked for: one incident, and one day (UTC) of the whole stack."""

    per_incident: int
    per_day: int
