"""A model's answer, trusted in nothing: parsed strictly, checked again, made plain."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from selfheal.domain.errors import NoSuggestion
from selfheal.suggest.inert import without_links
from selfheal.suggest.schema import FIELDS

MAX_REPLY_CHARS = 20_000
MAX_EXPLANATION_CHARS = 1200
MAX_QUOTES = 5
_SHORTEST_QUOTE = 8


class Redacts(Protocol):
    """What takes secrets out of text."""

    def redact(self, text: str) -> str:
        """The text without secrets."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A checked answer: the remedy is one of those allowed, every quote is in the evidence.

    ``quotes_dropped`` counts the quotes that are not there, or are no text, or too short to prove anything.
    """

    remedy: str
    explanation: str
    quotes: tuple[str, ...]
    quotes_dropped: int


def read_reply(text: str, allowed: Collection[str], evidence: Sequence[str], redactor: Redacts) -> Reply:
    """The answer in ``text``. Raises NoSuggestion, saying what is wrong, for any other shape."""
    document = _object(text)
    if set(document) != set(FIELDS):
        raise NoSuggestion("the model's answer does not have exactly the agreed fields")
    remedy, explanation, quotes = (document[field] for field in FIELDS)
    if not isinstance(remedy, str) or remedy not in allowed:
        raise NoSuggestion("the model chose a remedy that is not allowed here")
    if not isinstance(explanation, str) or not (plain := plain_text(explanation, redactor)):
        raise NoSuggestion("the model gave no explanation")
    if not isinstance(quotes, list):
        raise NoSuggestion("the model's quotes are not a list")
    real = [quote.strip() for quote in quotes if _is_real(quote, evidence)]
    return Reply(remedy, plain, tuple(dict.fromkeys(real))[:MAX_QUOTES], len(quotes) - len(real))


def plain_text(text: str, redactor: Redacts) -> str:
    """On one line, redacted again, capped, with nothing in it that a chat or mail client would act on."""
    redacted = " ".join(redactor.redact(" ".join(text[:MAX_REPLY_CHARS].split())).split())
    return without_links(redacted)[:MAX_EXPLANATION_CHARS]


def _object(text: str) -> dict[str, object]:
    if len(text) > MAX_REPLY_CHARS:
        raise NoSuggestion(f"the model's answer is longer than {MAX_REPLY_CHARS} characters")
    try:
        document = json.loads(text, object_pairs_hook=_no_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NoSuggestion(f"the model's answer is not JSON ({type(error).__name__})") from None
    if not isinstance(document, dict):
        raise NoSuggestion("the model's answer is not a JSON object")
    return document


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise NoSuggestion("the model's answer names a field twice")
    return document


def _no_constant(name: str) -> NoReturn:
    raise NoSuggestion(f"the model's answer holds {name}, which is not JSON")


def _is_real(quote: object, evidence: Sequence[str]) -> bool:
    """Whether it is part of a line of the evidence, character by character."""
    if not isinstance(quote, str) or len(quote.strip()) < _SHORTEST_QUOTE:
        return False
    return any(quote.strip() in line for line in evidence)
