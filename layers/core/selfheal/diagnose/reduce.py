"""Log reduction, its last step: of the lines that may matter, those that fit into a byte budget."""

from collections.abc import Iterator, Sequence, Set

from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.gather import AFTER_FAILURE, AROUND_ERROR, BEFORE_FAILURE, FOLDED
from selfheal.diagnose.markers import CONTEXT, ERROR, FAILURE
from selfheal.diagnose.shape import shape
from selfheal.ports import LogLine

__all__ = ["FOLDED", "choose", "failure_index"]

_TAIL = 20
_BEFORE_END = 40
_LONGEST = 1000
_LONGEST_END = 300
_CUT = " [...] "


def choose(lines: Sequence[LogLine], max_bytes: int, singled: Sequence[Set[int]] = ()) -> list[LogLine]:
    """The most important of these lines within ``max_bytes``; long ones are cut in their middle.

    Taken in this order until the budget is spent: the end of the log, the lines before the first failed command,
    the first error, those ``singled`` out by number, one set after the other, other errors, all from the failure
    back, phase context, then what is left from the end.
    """
    lines = [LogLine(line.number, _cut(line.text)) for line in lines]
    kept: set[int] = set()
    for index in _by_importance(lines, singled):
        size = len(lines[index].text.encode("utf-8", "replace")) + 1
        if index not in kept and size <= max_bytes:
            kept.add(index)
            max_bytes -= size
    return [lines[index] for index in sorted(kept)]


def failure_index(lines: Sequence[LogLine]) -> int:
    """Index of the line that tells of the first failed command; the last line where none does."""
    marked = (i for i, line in enumerate(lines) if FAILURE.search(without_prefix(line.text)))
    return next(marked, len(lines) - 1)


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return text[: _LONGEST - _LONGEST_END - len(_CUT)] + _CUT + text[-_LONGEST_END:]


def _by_importance(lines: Sequence[LogLine], singled: Sequence[Set[int]]) -> Iterator[int]:
    """Indices, most important first; some more than once."""
    count = len(lines)
    if not count:
        return
    failure = failure_index(lines)
    errors = [i for i, line in enumerate(lines) if ERROR.search(line.text)]
    before = BEFORE_FAILURE if failure < count - 1 else _BEFORE_END
    yield from reversed(range(max(0, count - _TAIL), count))
    yield from reversed(range(max(0, failure - before), min(count, failure + AFTER_FAILURE + 1)))
    for error in errors[:1]:
        yield from range(max(0, error - AROUND_ERROR), min(count, error + AROUND_ERROR + 1))
    for numbers in singled:
        yield from _telling(lines, [i for i, line in enumerate(lines) if line.number in numbers], failure)
    yield from _telling(lines, errors, failure)
    yield from (i for i, line in enumerate(lines) if CONTEXT.search(line.text))
    yield from reversed(range(count))


def _telling(lines: Sequence[LogLine], among: Sequence[int], failure: int) -> list[int]:
    """Each shape once before any comes again, the nearest before the failure first."""
    nearest = sorted(among, key=lambda index: (index > failure, abs(failure - index)))
    seen: set[str] = set()
    first: list[int] = []
    again: list[int] = []
    for index in nearest:
        mine = shape(lines[index].text)
        (again if mine in seen else first).append(index)
        seen.add(mine)
    return first + again
