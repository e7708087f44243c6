"""Signatures without what only one project's log supports: guesses at text that nobody has seen.

The signatures were written by people who had read these logs. To score a group of rows as if it had not been read,
every pattern that matches a line of it and is not needed by any row of another group of the same cause is taken
away. With ``owned`` those stay whose words belong to a tool, which says them to everybody; without, they go too,
though anybody would have written them, and the figure is a lower bound.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from selfheal.diagnose.clean import clean, without_prefix
from selfheal.diagnose.signatures import Signature, any_of, bundled, words_of
from tests.bench.diagnosis.rows import Row

COMMON = "common wording"
Pattern = tuple[str, str]
"""A signature's id and one of its patterns."""


def supported(
    rows: Sequence[Row], part_of: Callable[[Row], str], owned: bool = False
) -> dict[str, tuple[Signature, ...]]:
    """For each part of the rows the signatures that the other parts support, or with ``owned`` a tool's source."""
    matched = {row.id: patterns_of(row.text) for row in rows}
    supporters: dict[Pattern, set[str]] = defaultdict(set)
    causes = {signature.id: signature.cause for signature in bundled()}
    for row in rows:
        for pattern in matched[row.id]:
            if causes[pattern[0]] == row.cause:
                supporters[pattern].add(part_of(row))
    parts: dict[str, set[Pattern]] = defaultdict(set)
    for row in rows:
        parts[part_of(row)] |= matched[row.id]
    kept = _owned() if owned else set()
    return {part: _without(_lonely(part, seen, supporters) - kept) for part, seen in parts.items()}


def _owned() -> set[Pattern]:
    return {
        (signature.id, pattern)
        for signature in bundled()
        for pattern, source in zip(signature.patterns, signature.sources, strict=True)
        if source != COMMON
    }


def patterns_of(text: str) -> set[Pattern]:
    """Every pattern that matches a line of the log, or for those on names of tests a line's words."""
    lines = {without_prefix(line) for line in clean(text).split("\n")}
    found: set[Pattern] = set()
    for signature in bundled():
        looked_at = {words_of(line) for line in lines} if signature.on_test_name else lines
        for line in looked_at:
            if signature.regex.search(line):
                found |= {(signature.id, p) for p in signature.patterns if _regex(p).search(line)}
    return found


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return any_of([pattern])


def _lonely(part: str, seen: set[Pattern], supporters: Mapping[Pattern, set[str]]) -> set[Pattern]:
    return {pattern for pattern in seen if not supporters[pattern] - {part}}


def _without(patterns: set[Pattern]) -> tuple[Signature, ...]:
    kept = []
    for signature in bundled():
        left = tuple(p for p in signature.patterns if (signature.id, p) not in patterns)
        if left:
            kept.append(replace(signature, patterns=left, regex=any_of(left)))
    return tuple(kept)
