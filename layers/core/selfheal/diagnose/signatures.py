"""Signatures: failure patterns as data, and which of several matches explains a failure."""

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

from selfheal.diagnose.clean import without_prefix
from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.errors import InvalidSignature
from selfheal.ports import LogLine

E = TypeVar("E", Cause, Suspect)

_REQUIRED = {"id": str, "cause": str, "confidence": float, "priority": int, "patterns": list, "example": str}
_OPTIONAL = {"transient": bool, "suspect": str, "needs_test": bool}
_AFTER_FAILURE_PENALTY = 12.0
_DISTANCE_WEIGHT = 4.0
_NEAR = 10
_TEST_REACH_BEFORE = 40
_TEST_REACH_AFTER = 20
_NO_OUTCOME = re.compile(
    r"^\W{0,4}(?i:warn(?:ing)?|npm warn|debug)\b|^\${1,2} \S|^\+{1,4} ?\S|Running command |exited with 0\.?$"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """One failure pattern; the fields are described at the top of signatures.toml."""

    id: str
    cause: Cause
    transient: bool | None
    confidence: float
    priority: int
    regex: re.Pattern[str]
    suspect: Suspect
    needs_test: bool
    example: str


@dataclass(frozen=True, slots=True)
class Match:
    """A line that a signature matched, its index among the lines looked at, and the failed test it names."""

    signature: Signature
    index: int
    line: LogLine
    test: str


@cache
def bundled() -> tuple[Signature, ...]:
    """The signatures that come with Selfheal. Raises InvalidSignature."""
    return parse(files("selfheal.diagnose").joinpath("signatures.toml").read_text("utf-8"))


def parse(text: str) -> tuple[Signature, ...]:
    """Read a signature file. Raises InvalidSignature naming the entry and the fix."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSignature(f"not valid TOML: {error}") from error
    tables = document.get("signature")
    if not isinstance(tables, list) or set(document) != {"signature"}:
        raise InvalidSignature("write each signature as its own [[signature]] table and nothing else")
    signatures = tuple(_signature(n, table) for n, table in enumerate(tables, 1))
    ids = [signature.id for signature in signatures]
    if twice := next((name for name in ids if ids.count(name) > 1), None):
        raise InvalidSignature(f"signature {twice}: the id is used twice")
    return signatures


def _signature(number: int, table: object) -> Signature:
    where = f"signature {number}"
    if not isinstance(table, Mapping):
        raise InvalidSignature(f"{where}: must be a table")
    where = f"signature {table.get('id', number)}"
    _check_fields(where, table)
    if not 0 <= table["confidence"] <= 1:
        raise InvalidSignature(f"{where}: confidence must be from 0 to 1")
    return Signature(
        id=table["id"],
        cause=_member(where, "cause", Cause, table["cause"]),
        transient=table.get("transient"),
        confidence=table["confidence"],
        priority=table["priority"],
        regex=_regex(where, table["patterns"]),
        suspect=_member(where, "suspect", Suspect, table.get("suspect", "")),
        needs_test=table.get("needs_test", False),
        example=table["example"],
    )


def _check_fields(where: str, table: Mapping[str, object]) -> None:
    for name in set(table) - set(_REQUIRED) - set(_OPTIONAL):
        raise InvalidSignature(f"{where}: unknown field {name!r}")
    for name in set(_REQUIRED) - set(table):
        raise InvalidSignature(f"{where}: field {name!r} is missing")
    for name, value in table.items():
        kind = _REQUIRED.get(name) or _OPTIONAL[name]
        if type(value) is not kind:
            raise InvalidSignature(f"{where}: {name} must be {kind.__name__}, not {type(value).__name__}")


def _member(where: str, field: str, kind: type[E], value: str) -> E:
    if value not in set(kind):
        raise InvalidSignature(f"{where}: {field} {value!r} is not one of {', '.join(kind)}")
    return kind(value)


def _regex(where: str, patterns: Sequence[object]) -> re.Pattern[str]:
    """All patterns as one; a pattern's own ``(?i)`` holds for itself only."""
    parts = []
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise InvalidSignature(f"{where}: patterns must be text")
        ignore_case = pattern.startswith("(?i)")
        parts.append(f"(?i:{pattern[4:]})" if ignore_case else f"(?:{pattern})")
    try:
        return re.compile("|".join(parts))
    except re.error as error:
        raise InvalidSignature(f"{where}: not a regular expression: {error}") from error


def matches(signatures: Iterable[Signature], lines: Sequence[LogLine]) -> Iterator[Match]:
    """Every line that a signature matches, except warnings, echoed commands and what went well."""
    texts = [without_prefix(line.text) for line in lines]
    candidates = [(i, text) for i, text in enumerate(texts) if text.strip() and not _NO_OUTCOME.search(text)]
    for signature in signatures:
        for index, text in candidates:
            if found := signature.regex.search(text):
                test = next(filter(None, found.groupdict().values()), "")
                yield Match(signature, index, lines[index], test)


def best(found: Sequence[Match], failure: int) -> Match | None:
    """The match that explains the failure best; ``failure`` is the index of the failed command's line.

    Priority first, less the distance to the failure; what comes after the failure is likely its consequence.
    """
    tests = [match.index for match in found if match.signature.cause is Cause.TEST_FAILURE]
    eligible = [match for match in found if not match.signature.needs_test or _near_test(match.index, tests)]
    return max(eligible, key=lambda match: (_weight(match, failure), match.index), default=None)


def _near_test(index: int, tests: Iterable[int]) -> bool:
    return any(-_TEST_REACH_BEFORE <= index - test <= _TEST_REACH_AFTER for test in tests)


def _weight(match: Match, failure: int) -> float:
    distance = abs(failure - match.index)
    consequence = _AFTER_FAILURE_PENALTY if match.index > failure else 0.0
    return match.signature.priority - _DISTANCE_WEIGHT * math.log2(1 + distance / _NEAR) - consequence
