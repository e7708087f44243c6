"""One table of a policy file: reads its keys and says by name what is wrong."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from selfheal.domain.errors import InvalidPolicy

E = TypeVar("E", bound=StrEnum)
MISSING = object()
CONTROL = r"[\x00-\x1f\x7f]"


@dataclass(frozen=True, slots=True)
class TomlTable:
    """The values of a table and the words that lead to it (``rule 2``; empty for the file itself)."""

    where: str
    values: Mapping[str, object]
    known: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, where: str, value: object, known: Iterable[str]) -> "TomlTable":
        """A table that has no other keys than those known. Raises InvalidPolicy."""
        if not isinstance(value, Mapping):
            raise InvalidPolicy(f"{where}: must be a table")
        table = cls(where, value, frozenset(known))
        unknown = sorted(set(value) - table.known)
        if unknown:
            raise InvalidPolicy(
                f"{where or 'the policy'}: unknown key {unknown[0]!r}; known keys are {', '.join(sorted(known))}"
            )
        return table

    def refuse(self, key: str, fix: str) -> InvalidPolicy:
        """The error that names the key, what must be there, and what is there instead."""
        value = self.values.get(key, MISSING)
        found = "" if value is MISSING else f", not {value!r}"
        return InvalidPolicy(f"{f'{self.where}.' if self.where else ''}{key}: {fix}{found}")

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number; 3.0 is one too."""
        value = self.number(key, default, least, most, f"must be a whole number from {least} to {most}")
        if not value.is_integer():
            raise self.refuse(key, f"must be a whole number from {least} to {most}")
        return int(value)

    def number(self, key: str, default: float, least: float, most: float, fix: str = "") -> float:
        """A number within bounds."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.refuse(key, fix or f"must be a number from {least:g} to {most:g}")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.refuse(key, "must be true or false")
        return value

    def text(self, key: str, default: str, longest: int) -> str:
        """One line of text."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or len(value) > longest or re.search(CONTROL, value):
            raise self.refuse(key, f"must be one line of text, at most {longest} characters")
        return value

    def member(self, key: str, kind: type[E], default: E | None = None) -> E:
        """One of a closed list; it must be there when there is no default."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or value not in set(kind):
            raise self.refuse(key, f"must be {_or(kind)}")
        return kind(value)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of one or more names."""
        value = self.values.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
            raise self.refuse(key, "must be a list of one or more names")
        return tuple(value)

    def names_of(self, key: str, known: frozenset[str]) -> frozenset[str]:
        """A list of names out of those known; ``*`` stands for all of them."""
        names = self.names(key)
        unknown = sorted(set(names) - known - {"*"})
        if unknown:
            raise InvalidPolicy(
                f"{self.where}.{key}: {unknown[0]!r} is not one of {', '.join(sorted(known))}"
            )
        return known if "*" in names else frozenset(names)

    def tables(self, key: str) -> list[object]:
        """Tables of an array ``[[key]]``; none when there is no such key."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise InvalidPolicy(f"{key}: write each {key} as its own [[{key}]] table")
        return value


def _or(kind: Iterable[str]) -> str:
    *others, last = kind
    return f"{', '.join(others)} or {last}"
