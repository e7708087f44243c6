"""A model's answer, trusted in nothing: parsed strictly, checked again, made plain."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from selfheal.domain.errors import NoSuggestion
from selfheal.suggest.schema import FIELDS

MAX_REPLY_CHARS = 20_000
MAX_EXPLANATION_CHARS = 1200
MAX_QUOTES = 5
_SHORTEST_QUOTE = 8
_LINK = re.compile(r"(?i)\b(?:(?:https?|ftps?|file|data|javascript|mailto|ssh)\s{0,2}:|www\.)\S{0,2048}")
_INERT = str.maketrans({"<": "(", ">": ")", "`": "'", "@": "(at)", "[": "(", "]": ")"})


class Redacts(Protocol):
    """What takes secrets out of text."""

    def redact(self, text: str) -> str:
        """The text without secrets."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A checked answer: the remedy is one of those allowed, every quote is in the evidence."""

    remedy: str
    explanation: str
    quotes: tuple[str, ...]


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
    return Reply(remedy, plain, _found(quotes, evidence))


def plain_text(text: str, redactor: Redacts) -> str:
    """Redacted again, on one line, capped, with nothing in it that a chat or mail client would act on."""
    redacted = " ".join(redactor.redact(text[:MAX_REPLY_CHARS]).split())
    return _LINK.sub("(link removed)", redacted).translate(_INERT)[:MAX_EXPLANATION_CHARS]


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


def _found(quotes: Sequence[object], evidence: Sequence[str]) -> tuple[str, ...]:
    """The quotes that are in the evidence, in their order, without repeats."""
    texts = [quote.strip() for quote in quotes if isinstance(quote, str)]
    long = [text for text in texts if len(text) >= _SHORTEST_QUOTE]
    real = [text for text in long if any(text in line for line in evidence)]
    return tuple(dict.fromkeys(real))[:MAX_QUOTES]
