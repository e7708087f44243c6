"""Policy: what may be done to which pipeline for which cause. Off unless a rule says otherwise."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import cast

from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.watch import Watch, parse_watches


class Mode(StrEnum):
    """How far a rule lets Selfheal go: watch only, ask a person first, or act."""

    OBSERVE = "observe"
    ASK = "ask"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``[[rule]]``. Patterns are shell globs that must match the whole pipeline key.

    ``delay_seconds`` replaces the time the remedy itself would wait before it is carried out.
    """

    pipelines: tuple[str, ...]
    causes: frozenset[Cause]
    remedies: frozenset[str]
    mode: Mode
    min_confidence: float
    delay_seconds: int | None = None

    def matches(self, pipeline: str, cause: Cause, remedy: str) -> bool:
        """Whether this rule speaks of that remedy for that cause in that pipeline."""
        return (
            cause in self.causes
            and remedy in self.remedies
            and any(fnmatchcase(pipeline, pattern) for pattern in self.pipelines)
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """How many actions are allowed per commit of a pipeline, per pipeline and hour, per account and day."""

    per_commit: int = 2
    per_pipeline_hour: int = 5
    per_account_day: int = 50


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy file. ``version`` is the first 12 hex digits of the SHA-256 of its text."""

    version: str
    budget: Budget
    rules: tuple[Rule, ...]
    watches: tuple[Watch, ...] = ()

    def rule_for(self, pipeline: str, cause: Cause, remedy: str) -> Rule | None:
        """The first rule that matches, None when no rule speaks of it (then: observe)."""
        return next((rule for rule in self.rules if rule.matches(pipeline, cause, remedy)), None)


LONGEST_DELAY_SECONDS = 3600

_TOP_KEYS = {"budget", "rule", "watch"}
_RULE_KEYS = {"pipelines", "causes", "remedies", "mode", "min_confidence", "delay_seconds"}


def parse_policy(text: str, known_remedies: frozenset[str]) -> Policy:
    """Read a policy file. Raises InvalidPolicy naming the key and the fix; nothing unknown is ignored."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidPolicy(f"not valid TOML: {error}") from error
    _refuse_unknown("the policy", document, _TOP_KEYS)
    tables = document.get("rule", [])
    if not isinstance(tables, list):
        raise InvalidPolicy("rule: write each rule as its own [[rule]] table")
    return Policy(
        version=hashlib.sha256(text.encode()).hexdigest()[:12],
        budget=_budget(document.get("budget", {})),
        rules=tuple(_rule(f"rule {n}", table, known_remedies) for n, table in enumerate(tables, 1)),
        watches=parse_watches(document.get("watch", [])),
    )


def _refuse_unknown(where: str, table: Mapping[str, object], known: set[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise InvalidPolicy(f"{where}: unknown key {unknown[0]!r}; known keys are {', '.join(sorted(known))}")


def _budget(table: object) -> Budget:
    if not isinstance(table, dict):
        raise InvalidPolicy("budget: must be a table")
    _refuse_unknown("budget", table, set(Budget.__dataclass_fields__))
    for key, value in table.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise InvalidPolicy(f"budget.{key}: must be a whole number, 0 or more, not {value!r}")
    return Budget(**table)


def _rule(where: str, table: object, known_remedies: frozenset[str]) -> Rule:
    if not isinstance(table, dict):
        raise InvalidPolicy(f"{where}: must be a table")
    _refuse_unknown(where, table, _RULE_KEYS)
    return Rule(
        pipelines=_names(where, table, "pipelines", None),
        causes=frozenset(Cause(name) for name in _names(where, table, "causes", frozenset(Cause))),
        remedies=frozenset(_names(where, table, "remedies", known_remedies)),
        mode=_mode(where, table.get("mode")),
        min_confidence=_confidence(where, table.get("min_confidence", 0.7)),
        delay_seconds=_delay(where, table.get("delay_seconds")),
    )


def _names(
    where: str, table: Mapping[str, object], key: str, known: frozenset[str] | None
) -> tuple[str, ...]:
    value = table.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise InvalidPolicy(f"{where}.{key}: must be a list of one or more names")
    names = cast(Sequence[str], value)
    if known is None:
        return tuple(names)
    if "*" in names:
        return tuple(sorted(known))
    unknown = sorted(set(names) - known)
    if unknown:
        raise InvalidPolicy(f"{where}.{key}: {unknown[0]!r} is not one of {', '.join(sorted(known))}")
    return tuple(names)


def _mode(where: str, value: object) -> Mode:
    if not isinstance(value, str) or value not in set(Mode):
        raise InvalidPolicy(f"{where}.mode: must be observe, ask or act, not {value!r}")
    return Mode(value)


def _confidence(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidPolicy(f"{where}.min_confidence: must be a number from 0 to 1, not {value!r}")
    return float(value)


def _delay(where: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST_DELAY_SECONDS:
        raise InvalidPolicy(
            f"{where}.delay_seconds: must be a whole number from 0 to {LONGEST_DELAY_SECONDS}, not {value!r}"
        )
    return value
