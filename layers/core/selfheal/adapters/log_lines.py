"""What both places of logs have in common: how much of a log is held, and how it is counted."""

from collections import deque
from collections.abc import Iterable, Iterator

from selfheal.ports import LogLine


def ends_of(texts: Iterable[str], head: int, tail: int) -> Iterator[LogLine]:
    """The lines of the first ``head`` and the last ``tail`` characters; a note says how many are between them."""
    kept: deque[LogLine] = deque()
    size = left_out = 0
    for number, text in enumerate(texts, 1):
        size += len(text) + 1
        if size <= head:
            yield LogLine(number, text)
            continue
        kept.append(LogLine(number, text))
        tail -= len(text) + 1
        while tail < 0 and len(kept) > 1:
            tail += len(kept.popleft().text) + 1
            left_out += 1
    if left_out:
        yield LogLine(kept[0].number - 1, f"({left_out} lines of the log were left out here)")
    yield from kept
