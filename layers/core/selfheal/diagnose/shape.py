"""The shape of a line: what stays the same when a build says it again."""

import re
from collections.abc import Iterable

from selfheal.diagnose.clean import without_prefix
from selfheal.ports import LogLine

_VARYING = re.compile(r"\b[A-Za-z_]{0,64}\d\w{0,256}")
_MOST = 200_000


def shape(text: str) -> str:
    """The cleaned line without time stamps, with every word that holds a digit put as 0; may be empty."""
    return _VARYING.sub("0", without_prefix(text)).strip()


def shapes(lines: Iterable[LogLine]) -> frozenset[int]:
    """Hashes of the shapes of cleaned lines, for comparing within this process; the first 200,000 different ones."""
    seen: set[int] = set()
    for line in lines:
        if len(seen) < _MOST:
            seen.add(hash(shape(line.text)))
    return frozenset(seen)
