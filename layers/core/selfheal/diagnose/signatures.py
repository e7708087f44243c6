"""Signatures: failure patterns as data, and which of several matches explains a failure."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

import re2

from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.linear import compiled
from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.errors import InvalidSignature
from selfheal.ports import LogLine

E = TypeVar("E", Cause, Suspect)

_REQUIRED = {
    "id": str,
    "cause": str,
    "confidence": float,
    "priority": int,
    "patterns": dict,
    "examples": list,
}
_OPTIONAL = {
    "transient": bool,
    "suspect": str,
    "needs_test": bool,
    "on_test_name": bool,
    "lone": bool,
    "uncompared": bool,
    "unfinished": bool,
    "above": str,
}
_WORD = re.compile(r"[A-Z]{1,40}(?![a-z])|[A-Z]?[a-z]{1,40}")
_NO_OUTCOME = re.compile(
    r"^\W{0,4}(?!warn\] Code style|WARNING: Retrying \(Retry\(total=0,|WARNING: fetching \S{1,300}: )"
    r"(?i:warn(?:ing)?|npm warn|debug|skipped)\b|:\s(?:warning|note): "  # a warning
    r"|^\${1,2} \S|^\+{1,4} ?\S|Running command "  # an echoed command
    r"|shell_session_update: command not found"
    r"|exited with 0\.?$|^\s{0,8}(?:ok \d|[\u2713\u2714\u2705]|PASS\b|--- PASS|\[\+\])"  # what went well
    r"|^\s{0,8}\[javadoc\]|(?i:optional dependency)"
    r"|(?i:\bs?ccache\b|storage (?:read|write) check failed)"  # caches and statistics, which fail no build
    r"|(?i:upload(?:ing)? (?:\w{1,20} )?(?:test )?(?:reports|statistics|stats|metrics?|telemetry))"
)

_QUOTED = compiled(
    r"^\W{0,8}(?:E\s{1,8})?(?:(?:AssertionError: )?assert\b"
    r"|(?i:expected|received|actual|want|got|left|right)\b[^:\"']{0,20}:\s|expected\b.{1,500}\bgot\b)"
    r"|(?i:expected:? ?<.{0,500}> but was)|_test\.go:\d{1,6}: .{0,500}\b(?:want|got|expected)\b"
    r"|^\W{0,8}\d{1,6}(?: ?\||:\d{1,5}\s{1,8}(?:error|warning)\s|:\s)"
)
"""What a test expected or got, and code that a tool shows: words of authors, of which the environment said none."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One kind of failure and how tools word it; docs/adding-a-signature.md describes the fields.

    ``sources`` are those of the patterns, one for one: whose words they are.
    """

    id: str
    cause: Cause
    transient: bool | None
    confidence: float
    priority: int
    patterns: tuple[str, ...]
    regex: re.Pattern[str]
    suspect: Suspect
    needs_test: bool
    on_test_name: bool
    lone: bool
    uncompared: bool
    unfinished: bool
    above: re.Pattern[str] | None
    sources: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A line that a signature matched, its index among the lines looked at, and the failed test it names."""

    signature: Signature
    index: int
    line: LogLine
    test: str


@cache
def bundled() -> tuple[Signature, ...]:
    """The signatures that come with Selfheal, family by family. Raises InvalidSignature."""
    folder = files("selfheal.diagnose").joinpath("known_failures")
    families = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name
    )
    return parse("\n".join(file.read_text("utf-8") for file in families))


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
    said = [
        (source, text) for source, some in table["patterns"].items() for text in _texts(where, source, some)
    ]
    patterns = tuple(text for _, text in said)
    if not patterns:
        raise InvalidSignature(f"{where}: patterns must name at least one source and a text of it")
    return Signature(
        id=table["id"],
        cause=_member(where, "cause", Cause, table["cause"]),
        transient=table.get("transient"),
        confidence=table["confidence"],
        priority=table["priority"],
        patterns=patterns,
        regex=_regex(where, patterns),
        suspect=_member(where, "suspect", Suspect, table.get("suspect", "")),
        needs_test=table.get("needs_test", False),
        on_test_name=table.get("on_test_name", False),
        lone=table.get("lone", False),
        uncompared=table.get("uncompared", False),
        unfinished=table.get("unfinished", False),
        above=_regex(where, [table["above"]]) if "above" in table else None,
        sources=tuple(source for source, _ in said),
        examples=_texts(where, "examples", table["examples"]),
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


def _texts(where: str, field: str, values: object) -> tuple[str, ...]:
    values = values if isinstance(values, list) else []
    texts = tuple(value for value in values if isinstance(value, str) and value)
    if not texts or len(texts) < len(values):
        raise InvalidSignature(f"{where}: {field} must be a list of at least one text, none of them empty")
    return texts


def _regex(where: str, patterns: Iterable[str]) -> re.Pattern[str]:
    try:
        return any_of(patterns)
    except re2.error as error:
        raise InvalidSignature(f"{where}: not a regular expression for RE2: {error}") from error


def any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """All patterns as one; a pattern's own ``(?i)`` holds for itself only. Raises re2.error."""
    parts = (f"(?i:{p[4:]})" if p.startswith("(?i)") else f"(?:{p})" for p in patterns)
    return compiled("|".join(parts))


def matches(signatures: Sequence[Signature], lines: Sequence[LogLine]) -> list[Match]:
    """Every line that a signature matches, except warnings, echoed commands, what went well and what tests compared."""
    texts = [without_prefix(line.text) for line in lines]
    candidates = [(i, text) for i, text in enumerate(texts) if text.strip() and not _NO_OUTCOME.search(text)]
    outcomes = [(i, text) for i, text in candidates if _QUOTED.search(text) is None]
    found: list[Match] = []
    for signature in signatures:
        if not signature.on_test_name:
            mine = list(
                _of_lines(signature, candidates if signature.cause is Cause.TEST_FAILURE else outcomes, lines)
            )
            found += mine if len(mine) == 1 or not signature.lone else []
    return found + list(_of_test_names(signatures, found))


def known(text: str) -> bool:
    """Whether one of the bundled signatures matches a cleaned line; the names of tests are not looked at."""
    text = without_prefix(text)
    if _NO_OUTCOME.search(text) or _QUOTED.search(text) is not None:
        return False
    return any(each.regex.search(text) is not None for each in bundled() if not each.on_test_name)


def _of_lines(
    signature: Signature, candidates: Iterable[tuple[int, str]], lines: Sequence[LogLine]
) -> Iterator[Match]:
    for index, text in candidates:
        if found := signature.regex.search(text):
            test = next(filter(None, found.groupdict().values()), "")
            yield Match(signature, index, lines[index], test)


def _of_test_names(signatures: Iterable[Signature], found: Sequence[Match]) -> Iterator[Match]:
    """What the names of failed tests tell, where every one of them tells the same."""
    named = [match for match in found if match.test and match.signature.cause is Cause.TEST_FAILURE]
    for signature in signatures:
        if signature.on_test_name and all(signature.regex.search(words_of(match.test)) for match in named):
            yield from (Match(signature, match.index, match.line, match.test) for match in named)


def words_of(test: str) -> str:
    """A test's name in lower-case words: ``CartTest > totalUnderLoad[3]`` is ``cart test total under load``."""
    return " ".join(_WORD.findall(test)).lower()
