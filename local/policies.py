"""Reads policy files as the deployed stack will."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.counting import counted
from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.patterns import matches_any
from selfheal.domain.policy import Policy, Rule
from selfheal.domain.policy_file import parse_policy
from selfheal.remedies.registry import catalogue


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one file: its policy, or the problem that keeps it from being deployed."""

    file: Path
    policy: Policy | None = None
    problem: str = ""
    warnings: tuple[str, ...] = ()

    def in_words(self) -> str:
        """One line."""
        if self.policy is None:
            return f"{self.file}: {self.problem}"
        rules, freezes = len(self.policy.rules), len(self.policy.freezes)
        return (
            f"{self.file}: can be deployed, version {self.policy.version}, "
            f"{counted(rules, 'rule')}, {counted(freezes, 'freeze')}"
        )

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "file": str(self.file),
            "version": self.policy and self.policy.version,
            "problem": self.problem or None,
            "warnings": list(self.warnings),
        }


def check_files(files: Sequence[Path]) -> list[Checked]:
    """What became of each file."""
    return [_check(file) for file in files]


def read_file(file: Path) -> Policy:
    """One policy. Raises InvalidPolicy with the file's name, also when it cannot be read."""
    try:
        return parse_policy(file.read_text(encoding="utf-8"), frozenset(remedy.id for remedy in catalogue()))
    except OSError as error:
        raise InvalidPolicy(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidPolicy(f"{file}: is not UTF-8 text") from error
    except InvalidPolicy as error:
        raise InvalidPolicy(f"{file}: {error}") from error


def _check(file: Path) -> Checked:
    try:
        policy = read_file(file)
    except InvalidPolicy as error:
        return Checked(file, problem=str(error).removeprefix(f"{file}: "))
    return Checked(file, policy, warnings=tuple(_never_reached(policy)))


def _never_reached(policy: Policy) -> list[str]:
    """The rules that say nothing, because one before them speaks of all that they name."""
    found = []
    for place, rule in enumerate(policy.rules):
        before = next((earlier for earlier in policy.rules[:place] if _covers(earlier, rule)), None)
        if before:
            found.append(
                f"rule {rule.number} is never reached: rule {before.number} speaks first of all it names"
            )
    return found


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether the earlier rule matches whatever the later one does. Of its patterns only those are looked into that
    have no other wildcard than ``*``: such a one matches another as text when it matches all that the other does."""
    plain = [pattern for pattern in earlier.pipelines if not set(pattern) & set("?[")]
    return (
        earlier.causes >= later.causes
        and earlier.remedies >= later.remedies
        and all(pattern in earlier.pipelines or matches_any(pattern, plain) for pattern in later.pipelines)
    )
