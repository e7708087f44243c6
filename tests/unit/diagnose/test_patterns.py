"""Patterns that meet hostile text: none can take more than a bounded number of steps per character."""

import re
from collections.abc import Iterator

from selfheal.diagnose import clean, entropy, fingerprint, keyblocks, markers, redact, secrets, speakers
from selfheal.diagnose.signatures import bundled


def _patterns() -> Iterator[re.Pattern[str]]:
    """Those that are not RE2's, whose time cannot grow faster than the text."""
    for module in (clean, entropy, fingerprint, markers, redact, speakers):
        for value in vars(module).values():
            if isinstance(value, re.Pattern):
                yield value
    yield from (signature.regex for signature in bundled())
    yield from (signature.above for signature in bundled() if signature.above)


def _work(parsed: object, inside: bool = False) -> Iterator[tuple[bool, bool, int]]:
    """(nested in another repeat, has a bound, bound) of every repeat of a parsed pattern."""
    for operator, argument in parsed:  # type: ignore[attr-defined]
        name = str(operator)
        repeats = name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
        if repeats:
            bound = argument[1]
            yield inside, bound is not re._constants.MAXREPEAT, int(bound)  # type: ignore[attr-defined]
        children = argument if isinstance(argument, tuple | list) else [argument]
        for child in children:
            for part in child if isinstance(child, list) else [child]:
                if isinstance(part, re._parser.SubPattern):  # type: ignore[attr-defined]
                    yield from _work(part, inside or (repeats and argument[1] > 1))


def test_no_pattern_can_run_wild() -> None:
    """Every repeat is bounded, and none that may run long is nested in another: work grows with the line."""
    checked = 0
    for pattern in _patterns():
        for nested, bounded, bound in _work(re._parser.parse(pattern.pattern)):  # type: ignore[attr-defined]
            checked += 1
            assert bounded, pattern.pattern
            assert not nested or bound <= 8000, pattern.pattern
    assert checked > 300


def test_secrets_are_looked_for_by_linear_time_patterns_only() -> None:
    for module in (secrets, keyblocks):
        by_step = {name for name, value in vars(module).items() if isinstance(value, re.Pattern)}
        assert by_step <= {"_GROUP"}
    assert not any(isinstance(pattern.regex, re.Pattern) for pattern in secrets.patterns())
