"""The verdict: which of several matches explains a failure.

Priority first, less the distance to the failure; what comes after the failure is likely its consequence. Where tests
failed, what they say of networks and services is theirs: it was the test's doing, or happened to a product under test,
and the build as such went on.
"""

import math
from collections.abc import Iterable, Sequence

from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.linear import compiled
from selfheal.diagnose.signatures import Match
from selfheal.domain.diagnosis import Cause
from selfheal.ports import LogLine

_AFTER_FAILURE_PENALTY = 24.0
_DISTANCE_WEIGHT = 4.0
_NEAR = 10
_JUST_BEFORE = 3
_TEST_REACH_BEFORE = 60
_TEST_REACH_AFTER = 20
_TEST_SAYS_SO = 50
_OUTSIDE = frozenset(
    {Cause.NETWORK, Cause.EXTERNAL_SERVICE, Cause.REGISTRY_RATE_LIMIT, Cause.QUOTA, Cause.AUTH_PERMISSION}
)
_COMPARED = compiled(
    r"(?i:^E\s{1,8}assert\s.{0,200}(?:==|!=| is | in | not |<|>)"
    r"|AssertionError: .{0,300}(?:==|!=|\bto (?:deeply )?(?:equal|be|have|include|contain|match)\b"
    r"|\bis not\b|\bnot found in\b)"
    r"|expected:? ?<.{0,300}> but was|ComparisonFailure|AssertionFailedError|Failed asserting that"
    r"|expect\(received\)\.|Failure/Error: .{0,200}\bexpect\(.{0,200}\)\.(?:to|not_to|to_not) (?:eq|be|match|include)"
    r"|^\s{0,12}(?:expected|received|actual|got|want|left|right)\b[^:]{0,20}:\s{1,8}[^,\s][^,]{0,200}$"
    r"|_test\.go:\d{1,6}: .{0,300}\b(?:want|expected|got)\b|assertion .{0,20}failed|to eq\()"
)

_TOTALS = compiled(
    r"(?i:\b[1-9]\d{0,6} (?:\w{1,12} )?(?:failed|failing|failures?|errors?)\b"
    r"|\b(?:failed|failures?|errors?)[:=]? ?[1-9])|^//\S{1,200}\s{1,40}FAILED in"
)
_GO_PACKAGE = compiled(r"(?:^|\s)FAIL\t\S{1,300}\t\d")
_KILL = compiled(
    r"^(?:\+{1,4}|\$) ?(?:sudo )?(?:p?kill|killall) (?:.{0,80} )?-(?:s (?:SIG)?KILL|(?:SIG)?KILL|9)(?: |$)"
)


def compares(text: str) -> bool:
    """Whether a test says that two values differ: what it logged beside that does not make another attempt pass."""
    return _COMPARED.search(without_prefix(text)) is not None


def best(found: Sequence[Match], failure: int, lines: Sequence[LogLine] = ()) -> Match | None:
    """The match that explains the failure best; ``failure`` is the index of the failed command's line.

    ``lines`` are those that were looked at; the marks of a flake beside a comparison in them do not count.
    """
    failed = [match for match in found if _is_failed_test(match)]
    tests = [match.index for match in failed]
    compared = [n for n, line in enumerate(lines) if compares(line.text)]
    kills = [n for n, line in enumerate(lines) if _KILL.search(without_prefix(line.text))]
    begun = _last_word(failed)
    eligible = [
        match
        for match in found
        if _counts(match, tests, compared)
        and not (match.signature.unfinished and (match.index < begun or _asked_for(match.index, kills)))
    ]
    winner = _heaviest(eligible, failure)
    if winner and winner.signature.cause is Cause.TEST_FAILURE:
        marks = [match for match in eligible if _marks(match, winner)]
        return _heaviest(marks, failure) or winner
    return winner


def _is_failed_test(match: Match) -> bool:
    return match.signature.cause is Cause.TEST_FAILURE and match.signature.priority >= _TEST_SAYS_SO


def _counts(match: Match, tests: Sequence[int], compared: Sequence[int]) -> bool:
    if match.signature.cause in _OUTSIDE:
        return not tests
    if match.signature.uncompared and any(_beside(match.index, line) for line in compared):
        return False
    return not match.signature.needs_test or _near_test(match.index, tests)


def _last_word(failed: Sequence[Match]) -> float:
    """Where test tools spoke last. A tool that was killed gives no verdict, and names no failed test after that: a kill
    before is one that a test spoke of, and wherever it is where a tool told how it went."""
    named = [test.index for test in failed if test.test]
    return math.inf if _finished(failed, named) else max(named, default=-1)


def _asked_for(index: int, kills: Sequence[int]) -> bool:
    """Whether the build itself killed something just before, as one that cleans up does."""
    return any(0 < index - kill <= _JUST_BEFORE for kill in kills)


def _finished(failed: Sequence[Match], named: Sequence[int]) -> bool:
    """Whether a test tool told how it went: totals, or of a Go package that named a failed test that it failed."""
    if any(_TOTALS.search(without_prefix(test.line.text)) for test in failed):
        return True
    packages = [test.index for test in failed if _GO_PACKAGE.search(test.line.text)]
    return bool(named) and any(index > min(named) for index in packages)


def _beside(index: int, line: int) -> bool:
    """Whether a comparison stands so near that it is the same test's; that on the line itself is the mark's own."""
    return index != line and abs(index - line) <= _TEST_REACH_BEFORE


def _marks(match: Match, winner: Match) -> bool:
    """What the failed tests are called, or how many fail, counts wherever in the log their names stand."""
    signature = match.signature
    return (signature.on_test_name or signature.lone) and signature.priority >= winner.signature.priority


def _heaviest(found: Iterable[Match], failure: int) -> Match | None:
    return max(found, key=lambda match: (_weight(match, failure), match.index), default=None)


def _near_test(index: int, tests: Iterable[int]) -> bool:
    return any(-_TEST_REACH_BEFORE <= index - test <= _TEST_REACH_AFTER for test in tests)


def _weight(match: Match, failure: int) -> float:
    distance = abs(failure - match.index)
    consequence = _AFTER_FAILURE_PENALTY if match.index > failure else 0.0
    return match.signature.priority - _DISTANCE_WEIGHT * math.log2(1 + distance / _NEAR) - consequence
