"""The shape of a model's answer: flat, closed, every field required."""

from collections.abc import Sequence

FIELDS = ("remedy", "explanation", "quotes")


def reply_schema(remedies: Sequence[str]) -> dict[str, object]:
    """JSON Schema (2020-12 subset that constrained decoding understands) for one suggestion."""
    return {
        "type": "object",
        "properties": {
            "remedy": {"type": "string", "enum": list(remedies)},
            "explanation": {"type": "string"},
            "quotes": {"type": "array", "items": {"type": "string"}},
        },
        "required": list(FIELDS),
        "additionalProperties": False,
    }
