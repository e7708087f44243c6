"""Which lines prove a verdict: first the one that names what failed, not one that only counts or heads.

After it, as they stand in the log: what a test expected and got close by, and the other lines that say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.linear import compiled
from selfheal.diagnose.signatures import Match
from selfheal.diagnose.verdict import compares
from selfheal.domain.diagnosis import Cause
from selfheal.ports import LogLine

_ABOVE = 3
_AROUND = 60
_BESIDE = 20
_MOST_COMPARED = 2
_MOST_TOLD = 4
_TESTS = frozenset({Cause.TEST_FAILURE, Cause.FLAKY_TEST})
_SUMS_UP = compiled(
    r"(?i:^[\W\d]{0,200}(?:the following )?(?:(?:tests?|examples|scenarios|checks) )?"
    r"(?:fail(?:ed|ing|ures?)?|errors?|offenses)(?: (?:tests?|examples|scenarios|checks|summary)){0,3}\W{0,200}$"
    r"|\b\d{1,7} (?:[\w-]{1,16} ){0,2}(?:passed|failed|failing|failures?|errors?|offenses?|problems?|issues?"
    r"|violations?|tests?|specs?|examples?|scenarios?)\b"
    r"|\b(?:passed|failed|failures?|errors?|total)(?: checks)?[:=] {0,8}\d)"
    r"|^error: test failed, to rerun|^FAIL\t"
)


@dataclass(frozen=True, slots=True)
class Proof:
    """The line that names what failed, if there is one, the others, the failed test if named, what a person is told."""

    head: tuple[LogLine, ...]
    others: tuple[LogLine, ...]
    test: str
    said: str


def proof(verdict: Match, same: Sequence[Match], log: Sequence[LogLine]) -> Proof:
    """What proves the verdict, of the matches of its signature and the lines of the log."""
    told = [match for match in same if match.test or not sums_up(match.line.text)]
    if not told:
        others = (verdict.line, *(match.line for match in same[-_MOST_TOLD:]))
        return Proof((), others, "", _first(same, verdict).line.text)
    head, test = _head(verdict, told, log)
    about = _compared(head, log) if verdict.signature.cause in _TESTS else []
    others = (verdict.line, *about, *(match.line for match in told[-_MOST_TOLD:]))
    return Proof((head,), others, test or verdict.test, head.text)


def sums_up(text: str) -> bool:
    """Whether a line only counts failures, or is a heading above them."""
    return _SUMS_UP.search(without_prefix(text)) is not None


def _first(among: Sequence[Match], verdict: Match) -> Match:
    """The first match of those around the verdict, else the first of all."""
    return min(among, key=lambda match: (abs(match.index - verdict.index) > _AROUND, match.index))


def _head(verdict: Match, told: Sequence[Match], log: Sequence[LogLine]) -> tuple[LogLine, str]:
    """The line that names what failed, and the test that it names."""
    above = verdict.signature.above
    for match in told if above else ():
        for line in reversed(_before(match.line, log)):
            if above and (found := above.search(without_prefix(line.text))):
                return line, found.groupdict().get("test", "")
    named = [match for match in told if match.test and match.test == (verdict.test or match.test)]
    match = _first(named or told, verdict)
    return match.line, match.test


def _before(line: LogLine, log: Sequence[LogLine]) -> list[LogLine]:
    return [each for each in log if 0 < line.number - each.number <= _ABOVE]


def _compared(head: LogLine, log: Sequence[LogLine]) -> list[LogLine]:
    """The nearest lines in which a test says what it expected and what it got."""
    near = [line for line in log if abs(line.number - head.number) <= _BESIDE and compares(line.text)]
    return sorted(near, key=lambda line: abs(line.number - head.number))[:_MOST_COMPARED]
