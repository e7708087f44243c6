"""The values that must never leave, in every form that a log may show them in."""

import base64
import html
import json
import re
import shlex
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import re2

from selfheal.diagnose.clean import clean
from selfheal.diagnose.linear import compiled

SHORTEST = 4
_WHOLE_WORD_BELOW = 8
_LOWER_ESCAPES = re.compile(r"%[0-9A-F]{2}")


def known_patterns(values: Iterable[str]) -> "tuple[re.Pattern[str], ...]":
    """Patterns whose group ``secret`` is a known value: long forms anywhere, short ones as whole words only.

    Values under 4 characters are left out: they would blank half the log. A value of many lines is known by each
    of its lines.
    """
    forms = {form for value in values for part in _parts(value) for form in _encodings(part)}
    long = _alternatives(form for form in forms if len(form) >= _WHOLE_WORD_BELOW)
    short = _alternatives(form for form in forms if len(form) < _WHOLE_WORD_BELOW)
    found = []
    if long:
        found.append(compiled(f"(?P<secret>{long})"))
    if short:
        found.append(compiled(rf"(?:^|[^A-Za-z0-9])(?P<secret>{short})(?:[^A-Za-z0-9]|$)"))
    return tuple(found)


def _alternatives(forms: Iterable[str]) -> str:
    """The longest first: RE2 takes the first alternative that fits, and no half of a value may stay."""
    return "|".join(re2.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form)))


def _parts(value: str) -> set[str]:
    lines = {clean(line).strip() for line in value.split("\n")}
    return {part for part in lines | {value.strip()} if len(part) >= SHORTEST}


def _encodings(value: str) -> set[str]:
    value = value.encode(errors="replace").decode()
    escaped = json.dumps(value)[1:-1]
    urls = {quote(value, ""), quote(value), quote_plus(value)}
    forms = {
        value,
        escaped,
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(escaped)[1:-1],
        html.escape(value),
        shlex.quote(value),
        *urls,
        *(_LOWER_ESCAPES.sub(lambda found: found.group().lower(), url) for url in urls),
    }
    if len(value) >= _WHOLE_WORD_BELOW:
        raw = value.encode()
        forms |= _base64_forms(raw) | {raw.hex(), raw.hex().upper()}
    return forms


def _base64_forms(raw: bytes) -> set[str]:
    """What base64 makes of the value inside a longer text: the characters that it alone decides."""
    forms = set()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        whole = len(encoded) if (offset + len(raw)) % 3 == 0 else len(encoded) - 1
        stable = encoded[(0, 2, 3)[offset] : whole]
        forms |= {stable, stable.replace("+", "-").replace("/", "_")}
    return forms
