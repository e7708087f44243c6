"""Log reduction: the lines that matter within a byte budget, whatever the log's size."""

import re
from collections.abc import Iterable, Iterator, Sequence

from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.markers import CONTEXT, ERROR, FAILURE
from selfheal.ports import LogLine

_BEFORE_FAILURE = 80
_AFTER_FAILURE = 6
_AROUND_ERROR = 3
_TAIL = 40
FOLDED = "(like the line above, "
_VARYING = re.compile(r"\d+")


def reduce(lines: Sequence[LogLine], max_bytes: int) -> list[LogLine]:
    """The lines that matter, in order, with their own numbers; together at most ``max_bytes`` of UTF-8.

    Taken in this order until the budget is spent: the end of the log, the lines before the first failed
    command, the first error, phase context, the other errors from the last one back, then what is left
    from the end. Lines that repeat the one above are folded into one line that says how many there were.
    """
    folded = list(_folded(lines))
    kept: set[int] = set()
    for index in _by_importance(folded):
        size = len(folded[index].text.encode("utf-8", "replace")) + 1
        if index not in kept and size <= max_bytes:
            kept.add(index)
            max_bytes -= size
    return [folded[index] for index in sorted(kept)]


def failure_index(lines: Sequence[LogLine]) -> int:
    """Index of the line that tells of the first failed command; the last line where none does."""
    marked = (i for i, line in enumerate(lines) if FAILURE.search(without_prefix(line.text)))
    return next(marked, len(lines) - 1)


def _folded(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    shape, repeats, last = "", 0, 0
    for line in lines:
        mine = _VARYING.sub("0", without_prefix(line.text)).strip()
        if mine and mine == shape:
            repeats, last = repeats + 1, line.number
            continue
        if repeats:
            yield LogLine(last, f"{FOLDED}{repeats} times more)")
        shape, repeats = mine, 0
        yield line
    if repeats:
        yield LogLine(last, f"{FOLDED}{repeats} times more)")


def _by_importance(lines: Sequence[LogLine]) -> Iterator[int]:
    """Indices, most important first; some more than once."""
    count = len(lines)
    if not count:
        return
    failure = failure_index(lines)
    errors = [i for i, line in enumerate(lines) if ERROR.search(line.text)]
    yield from reversed(range(max(0, count - _TAIL), count))
    yield from reversed(range(max(0, failure - _BEFORE_FAILURE), min(count, failure + _AFTER_FAILURE + 1)))
    for error in errors[:1]:
        yield from range(max(0, error - _AROUND_ERROR), min(count, error + _AROUND_ERROR + 1))
    yield from (i for i, line in enumerate(lines) if CONTEXT.search(line.text))
    yield from reversed(errors)
    yield from reversed(range(count))
