"""How long whoever refused a request asked to wait, as a log tells it."""

import re
from collections.abc import Iterable

from selfheal.ports import LogLine

# The header of RFC 9110 in its form in seconds, and the ways in which clients and services say the same.
_HEADER = re.compile(r"(?i)\bretry[-_ ]?after[\"']?[:= ]{1,3}[\"']?(\d{1,6})\b")
_WORDS = re.compile(
    r"(?i)\b(?:retry|retrying|try again|wait|back off|backing off|resets?) (?:in|for|after) "
    r"(\d{1,6})(?:\.\d{1,6})? ?(ms|s|sec|m|min|h|hour)"
)
_SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hour": 3600}


def seconds_asked_for(lines: Iterable[LogLine]) -> int:
    """The longest wait that a line asks for, in whole seconds; 0 when none does.

    The words are a log's and may lie: what is waited has a bound of its own (``domain.choice.delay``).
    """
    waits = [wait for line in lines for wait in _waits(line.text)]
    return round(max(waits, default=0))


def _waits(text: str) -> Iterable[float]:
    yield from (float(match[1]) for match in _HEADER.finditer(text))
    yield from (int(match[1]) * _SECONDS[match[2].lower()] for match in _WORDS.finditer(text))
