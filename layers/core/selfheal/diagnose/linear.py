"""Patterns whose matching time grows with the text and never faster, whatever the text: RE2."""

import re

import re2

_MEMORY = 64 * 1024 * 1024


def compiled(pattern: str) -> "re.Pattern[str]":
    """The pattern for RE2, which says nothing on stderr and raises ``re2.error`` for what it cannot take."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    regex: re.Pattern[str] = re2.compile(pattern, options)
    return regex
