"""What a log says once: a storm of complaints repeats itself, the cause of a failure seldom does."""

from collections import deque
from collections.abc import Iterator

from selfheal.ports import LogLine

_AROUND = 2
_SHAPES = 50_000
Block = list[LogLine]


class Rare:
    """The alarming lines whose shape came once so far, each with the lines around it; about ``room`` characters.

    Which ones come once is known only at the end, so each is kept until it comes again. When there are too many, the
    first half of the room stays with the first and the rest goes to the last.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._size = 0
        self._first: dict[int, Block] = {}
        self._last: dict[int, Block] = {}
        self._again: set[int] = set()
        self._before: deque[LogLine] = deque(maxlen=_AROUND)
        self._growing: deque[Block] = deque(maxlen=_AROUND)

    def add(self, line: LogLine, key: int, alarming: bool) -> None:
        """The next line of the log; ``key`` is the hash of its shape."""
        for block in self._growing:
            if block:
                block.append(line)
                self._size += len(line.text)
        self._growing.append(self._started(line, key) if alarming else [])
        self._before.append(line)

    def _started(self, line: LogLine, key: int) -> Block:
        if key in self._again:
            return []
        if key in self._first or key in self._last:
            self._drop(key)
            if len(self._again) < _SHAPES:
                self._again.add(key)
            return []
        block = [*self._before, line]
        early = not self._last and self._size < self._room / 2
        (self._first if early else self._last)[key] = block
        self._size += sum(len(each.text) for each in block)
        while self._size > self._room and len(self._last) > 1:
            self._drop(next(iter(self._last)))
        return block

    def _drop(self, key: int) -> None:
        block = self._first.pop(key, None) or self._last.pop(key)
        self._size -= sum(len(each.text) for each in block)
        block.clear()

    def __iter__(self) -> Iterator[LogLine]:
        """The lines of all blocks; one that stands in two of them comes twice."""
        for blocks in (self._first, self._last):
            for block in blocks.values():
                yield from block
