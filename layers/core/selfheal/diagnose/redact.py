"""Redaction: nothing secret leaves. Known values first, then token formats, structures, entropy last.

Cleaning can take characters that belong to a secret (a terminal reads ``ESC[A`` in ``ESC[AKIA...`` as one
code), so a line that it changes is looked through before and after. A line's passes are repeated until they
change nothing, so redacting twice is the same as redacting once; a line that never settles is replaced as a
whole. Errors are not caught: the raw text is never the answer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from selfheal.diagnose import encoded, entropy
from selfheal.diagnose.clean import clean, clean_line, last_overwrite, without_parameters
from selfheal.diagnose.keyblocks import hide_key_blocks
from selfheal.diagnose.known import known_patterns
from selfheal.diagnose.placeholders import LONGEST, OPENING, PLACEHOLDER, Placeholders
from selfheal.diagnose.prose import told
from selfheal.diagnose.secrets import POINTERS, harmless, listed, mixed, patterns

LINE_CAP = 8192
_OPEN_CODE = re.compile(r"(?:\x1b[\[()*+]?|\x9b)[0-?]{0,64}(?=\[redacted:)")
_CUT = " [cut]"
_CUT_BACK = 512
_MAX_PASSES = 6


class Redactor:
    """Replaces secrets by typed placeholders, stable while it lives: ``[redacted:aws-access-key#1]``.

    ``known`` are the values that must never leave (``Run.secrets``); they are found raw, URL-encoded, in
    base64, in hex and escaped as JSON, HTML and the shell do it. Values under 4 characters are left out: they
    would blank half the log. Lines are cut at ``line_cap`` characters.
    """

    def __init__(self, known: Iterable[str] = (), line_cap: int = LINE_CAP) -> None:
        self._known = known_patterns(known)
        self._searches = (listed(), mixed(), *self._known)
        self._cap = line_cap
        self._placeholders = Placeholders()

    @property
    def found(self) -> Mapping[str, int]:
        """How many different secrets of each kind were replaced so far."""
        return self._placeholders.counts

    def redact(self, text: str) -> str:
        """The text without secrets: cleaned, lines capped, as many lines as before."""
        return "\n".join(self.lines(text.split("\n")))

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        """The same, line by line and one for one, holding no more than a line."""
        for line in self.hide_key_blocks(self.plain(line) for line in lines):
            yield self._settled(_capped(line, self._cap))

    def redact_on_one_line(self, text: str) -> str:
        """The same on one line, so that a name and its value on two lines are seen together."""
        return self.redact(" ".join(self.plain(line) for line in text.split("\n")))

    def plain(self, line: str) -> str:
        """One raw line cleaned; secrets that cleaning could hurt beyond recognition are hidden first.

        Not redacted yet: what cleaning brings to light is still to be found.
        """
        seen = last_overwrite(line)
        cleaned = clean_line(seen)
        if cleaned == seen:
            return seen
        raw = _encodable(_capped(seen, 2 * self._cap))
        raw = self._without_listed(self._without_known(without_parameters(self._without_known(raw))))
        return clean_line(_OPEN_CODE.sub("", raw))

    def hide_key_blocks(self, lines: Iterable[str]) -> Iterator[str]:
        """Private key blocks, on one line or over many, ended or not; the line count stays."""
        return hide_key_blocks(lines, partial(self._placeholders.of, "private-key"))

    def _settled(self, line: str) -> str:
        """The line after passes that no longer change it; one that never settles goes as a whole."""
        for _ in range(_MAX_PASSES):
            if not self._alarming(line):
                return line
            redacted = _capped(self._pass(line), self._cap)
            if redacted == line:
                return line
            line = redacted
        return self._placeholders.of("line", line)

    def _alarming(self, line: str) -> bool:
        return any(regex.search(line) is not None for regex in self._searches)

    def _pass(self, line: str) -> str:
        return entropy.CANDIDATE.sub(self._if_random, self._without_listed(self._without_known(line)))

    def _without_known(self, line: str) -> str:
        for known in self._known:
            line = known.sub(partial(self._hidden, "known-value"), line)
        return line

    def _without_listed(self, line: str) -> str:
        if listed().search(line) is None:
            return line
        for kind, regex in patterns():
            line = regex.sub(partial(self._replaced, kind), line)
        return line

    def _replaced(self, kind: str, match: re.Match[str]) -> str:
        shown = clean(match["secret"])
        if not PLACEHOLDER.sub("", shown).strip(" ,;:.)]}>*") or harmless(shown):
            return match.group()
        if told(match.string, *match.span(match.re.groupindex["secret"])):
            return match.group()
        if match.groupdict().get("suffix", "").lower() in POINTERS:
            return match.group()
        return self._hidden(kind, match)

    def _hidden(self, kind: str, match: re.Match[str]) -> str:
        """The match with a placeholder for its secret, unless that is part of a placeholder already."""
        start, end = match.span(match.re.groupindex["secret"])  # RE2 takes no name here
        if _in_placeholder(match.string, start, end):
            return match.group()
        before, after = match.string[match.start() : start], match.string[end : match.end()]
        return before + self._placeholders.of(kind, match["secret"]) + after

    def _if_random(self, match: re.Match[str]) -> str:
        start, end = match.span()
        if entropy.looks_secret(match.string, start, end):
            return self._placeholders.of("random-string", match.group())
        if encoded.hides_secret(match.group()):
            return self._placeholders.of("encoded-secret", match.group())
        return match.group()


def _in_placeholder(line: str, start: int, end: int) -> bool:
    """Looks no further around than a placeholder reaches: a line may hold as many as it likes."""
    begin = line.rfind(OPENING, max(0, start - LONGEST), start + len(OPENING))
    mark = PLACEHOLDER.match(line, begin) if begin >= 0 else None
    return mark is not None and begin <= start and end <= mark.end()


def _encodable(line: str) -> str:
    """The line without lone surrogates, which RE2 cannot read; cleaning would drop them anyway."""
    return line.encode(errors="ignore").decode()


def _capped(line: str, cap: int) -> str:
    """The line cut to the cap, back to a gap between words so that no half token stays."""
    if len(line) <= cap:
        return line
    kept = line[: cap - len(_CUT)]
    tail = kept[-_CUT_BACK:]
    gap = max(tail.rfind(" "), tail.rfind("\t"))
    return kept[: len(kept) - len(tail) + max(gap, 0)] + _CUT
