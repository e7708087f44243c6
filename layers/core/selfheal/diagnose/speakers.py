"""Whose output a line is, where several speak at once: ``[unit] ``, ``[0] ``, ``web: ``, ``web | ``.

No single line can tell, for ``error: `` looks the same. A log can: where most lines bear a name and each name stands
before several lines, these are the names of who speaks (Jenkins' branches, concurrently, npm-run-all, Lerna, foreman).
"""

import re
from collections import Counter
from collections.abc import Sequence

from selfheal.diagnose.clean import without_prefix

_NAME = re.compile(
    r"^\s{0,8}(?:\[[\w@][\w @./:#-]{0,120}\]|[\w@][\w@./#-]{0,80}(?::[\w.-]{1,60}){0,3}:|[\w@][\w@./-]{0,62} {0,40}\|)"
    r"(?: |$)"
)
# A level, a kind of error, what a test compared, a place in a file.
_NOBODY = re.compile(
    r"(?i)\W{0,2}(?:err(?:or)?|warn(?:ing)?|info|debug|trace|fatal|notice|note|fail(?:ed|ure)?|pass(?:ed)?|ok|[ew]"
    r"|critical|severe|hint|help|[\w./]{1,80}(?:error|exception)"
    r"|expected|received|actual|got|want|left|right|[\w./-]{1,80}\.\w{1,5}:\d{1,7}(?::\d{1,5})?)\W{0,2}"
)
_FEWEST = 2
_MOST_LINES = 0.5


def without_speakers(texts: Sequence[str]) -> list[str]:
    """The lines without the names of who speaks; as they are where nobody in particular does."""
    plain = [without_prefix(text) for text in texts]
    found = [_NAME.match(text) for text in plain]
    names = Counter(filter(None, map(_name, found)))
    speaking = {name for name, lines in names.items() if lines >= _FEWEST}
    said = sum(1 for text in plain if text.strip())
    if not speaking or sum(names[name] for name in speaking) < _MOST_LINES * said:
        return list(texts)
    return [
        text[match.end() :] if match and _name(match) in speaking else whole
        for whole, text, match in zip(texts, plain, found, strict=True)
    ]


def speaker_of(text: str) -> str:
    """What stands where the name of who speaks would, nothing where no name can."""
    return _name(_NAME.match(without_prefix(text)))


def _name(found: re.Match[str] | None) -> str:
    name = found.group().strip() if found else ""
    return "" if _NOBODY.fullmatch(name) else name
