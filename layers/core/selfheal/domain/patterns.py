"""Patterns: how a policy names pipelines."""

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matches_any(pipeline: str, patterns: Iterable[str]) -> bool:
    """Whether one of the shell globs matches the whole pipeline key; case counts."""
    return any(fnmatchcase(pipeline, pattern) for pattern in patterns)
