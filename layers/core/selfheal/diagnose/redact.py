"""Redaction: nothing secret leaves. Known values first, then token formats, structures, entropy last.

Cleaning can take characters that belong to a secret (a terminal reads ``ESC[A`` in ``ESC[AKIA...`` as one
code), so a line that it changes is looked through before and after. A line's passes are repeated until they
change nothing, so redacting twice is the same as redacting once; a line that never settles is replaced as a
whole. Errors are not caught: the raw text is never the answer.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from urllib.parse import quote, quote_plus

from selfheal.diagnose import entropy
from selfheal.diagnose.clean import clean, last_overwrite, without_parameters, without_prefix
from selfheal.diagnose.secrets import FORMATS, PEM_BEGIN, PEM_BODY, PEM_END, STRUCTURES, harmless

LINE_CAP = 8192
_RAW_CAP = 2 * LINE_CAP
_PLACEHOLDER = re.compile(r"\[redacted:[a-z-]{1,24}#\d{1,9}\]")
_OPEN_CODE = re.compile(r"(?:\x1b[\[()*+]?|\x9b)[0-?]{0,64}(?=\[redacted:)")
_CUT = " [cut]"
_CUT_BACK = 512
_MAX_PASSES = 6
_SHORTEST_KNOWN = 4
_WHOLE_WORD_BELOW = 8


class Redactor:
    """Replaces secrets by typed placeholders, stable while it lives: ``[redacted:aws-access-key#1]``.

    ``known`` are the values that must never leave (``Run.secrets``); they are found raw, URL-encoded, in
    base64, in hex and JSON-escaped. Values under 4 characters are left out: they would blank half the log.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = _known_forms(known)
        self._numbers: dict[tuple[str, str], int] = {}
        self._count: dict[str, int] = {}

    def redact(self, text: str) -> str:
        """The text without secrets: cleaned, lines capped at 8192 characters, as many lines as before."""
        lines = self.hide_key_blocks(self.plain(line) for line in text.split("\n"))
        return "\n".join(self._settled(_capped(line)) for line in lines)

    def redact_on_one_line(self, text: str) -> str:
        """The same on one line, so that a name and its value on two lines are seen together."""
        return self.redact(" ".join(self.plain(line) for line in text.split("\n")))

    def plain(self, line: str) -> str:
        """One raw line cleaned; secrets that cleaning could hurt beyond recognition are hidden first.

        Not redacted yet: what cleaning brings to light is still to be found.
        """
        seen = last_overwrite(line)
        cleaned = clean(seen)
        if cleaned == seen:
            return seen
        raw = self._without_known(_capped(seen, _RAW_CAP))
        raw = self._without_listed(self._without_known(without_parameters(raw)))
        return clean(_OPEN_CODE.sub("", raw))

    def _settled(self, line: str) -> str:
        """The line after passes that no longer change it; one that never settles goes as a whole."""
        for _ in range(_MAX_PASSES):
            redacted = _capped(self._pass(line))
            if redacted == line:
                return line
            line = redacted
        return self._placeholder("line", line)

    def _pass(self, line: str) -> str:
        return entropy.CANDIDATE.sub(self._if_random, self._without_listed(self._without_known(line)))

    def _without_known(self, line: str) -> str:
        if self._known is None:
            return line
        return self._known.sub(lambda m: self._placeholder("known-value", m.group()), line)

    def _without_listed(self, line: str) -> str:
        for kind, regex in FORMATS + STRUCTURES:
            line = regex.sub(partial(self._replaced, kind), line)
        return line

    def _replaced(self, kind: str, match: re.Match[str]) -> str:
        secret = match["secret"]
        shown = clean(secret)
        if not _PLACEHOLDER.sub("", shown).strip(" ,;:.)]}>*") or harmless(shown):
            return match.group()
        start = match.start("secret") - match.start()
        whole = match.group()
        return whole[:start] + self._placeholder(kind, secret) + whole[start + len(secret) :]

    def _if_random(self, match: re.Match[str]) -> str:
        if entropy.looks_secret(match.string, match.start(), match.end()):
            return self._placeholder("random-string", match.group())
        return match.group()

    def _placeholder(self, kind: str, secret: str) -> str:
        key = (kind, secret)
        if key not in self._numbers:
            self._count[kind] = self._count.get(kind, 0) + 1
            self._numbers[key] = self._count[kind]
        return f"[redacted:{kind}#{self._numbers[key]}]"

    def hide_key_blocks(self, lines: Iterable[str]) -> Iterator[str]:
        """Private key blocks, on one line or over many, ended or not; the line count stays."""
        inside = ""
        for line in lines:
            begin = PEM_BEGIN.search(line)
            if begin is None and inside and not _is_key_body(line):
                inside = ""
            if begin is None and not inside:
                yield line
                continue
            inside = inside or self._placeholder("private-key", begin.group() if begin else line)
            end = PEM_END.search(line, begin.end() if begin else 0)
            rest = line[end.end() :] if end else ""
            yield (line[: begin.start()] if begin else "") + inside + ("" if PEM_BEGIN.search(rest) else rest)
            if end:
                inside = ""


def _is_key_body(line: str) -> bool:
    return PEM_END.search(line) is not None or PEM_BODY.search(without_prefix(line)) is not None


def _capped(line: str, cap: int = LINE_CAP) -> str:
    """The line cut to the cap, back to a gap between words so that no half token stays."""
    if len(line) <= cap:
        return line
    kept = line[: cap - len(_CUT)]
    tail = kept[-_CUT_BACK:]
    gap = max(tail.rfind(" "), tail.rfind("\t"))
    return kept[: len(kept) - len(tail) + max(gap, 0)] + _CUT


def _known_forms(values: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for value in values for part in _parts(value) for form in _encodings(part)}
    if not forms:
        return None
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(_literal(form) for form in ordered))


def _parts(value: str) -> set[str]:
    """The value itself and, for one of many lines, each line: logs show them one by one."""
    lines = {clean(line).strip() for line in value.split("\n")}
    return {part for part in lines | {value.strip()} if len(part) >= _SHORTEST_KNOWN}


def _encodings(value: str) -> set[str]:
    escaped = json.dumps(value)[1:-1]
    forms = {
        value,
        quote(value, "", errors="replace"),
        quote_plus(value, errors="replace"),
        escaped,
        json.dumps(escaped)[1:-1],
    }
    if len(value) >= _WHOLE_WORD_BELOW:
        raw = value.encode(errors="replace")
        forms |= _base64_forms(raw) | {raw.hex()}
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


def _literal(form: str) -> str:
    if len(form) >= _WHOLE_WORD_BELOW:
        return re.escape(form)
    return rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])"
