"""What may matter of a log of any size, gathered in one pass and in memory that its size does not change."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.markers import CONTEXT, ERROR, FAILURE, SIGNAL
from selfheal.diagnose.shape import shape
from selfheal.ports import LogLine

BEFORE_FAILURE = 80
AFTER_FAILURE = 6
AROUND_ERROR = 3
FOLDED = "(like the line above, "
_SHAPES = 50_000
_SAME_ERRORS = 4
_PER_LINE = 1


@dataclass(frozen=True, slots=True)
class Gathered:
    """Lines in order; ``new`` are the numbers of those that the last good runs did not say."""

    lines: tuple[LogLine, ...]
    new: frozenset[int]


def gather(lines: Iterable[LogLine], room: int, usual: frozenset[int] = frozenset()) -> Gathered:
    """What may matter of cleaned lines, some multiple of ``room`` bytes at the most.

    That is both ends of each of these: the log itself, the lines around failed commands, those around errors
    (each shape of error a few times), phase context, and lines of shapes that are neither in ``usual`` (see
    ``shapes``; empty when nothing is known about good runs) nor said before. Repeated lines are folded into one
    that says how many there were.
    """
    gathering = _Gathering(room, usual)
    for line, mine in _folded(lines):
        gathering.add(line, mine)
    return gathering.result()


def _folded(lines: Iterable[LogLine]) -> Iterator[tuple[LogLine, str]]:
    """Each line with its shape, the repeats of the line above as one line."""
    last_shape, repeats, last = "", 0, 0
    for line in lines:
        mine = shape(line.text)
        if mine and mine == last_shape:
            repeats, last = repeats + 1, line.number
            continue
        if repeats:
            yield LogLine(last, f"{FOLDED}{repeats} times more)"), ""
        last_shape, repeats = mine, 0
        yield line, mine
    if repeats:
        yield LogLine(last, f"{FOLDED}{repeats} times more)"), ""


class _Ends:
    """The first and the last lines that it was given, ``room`` bytes of each."""

    def __init__(self, room: int) -> None:
        self._first: list[LogLine] = []
        self._last: deque[LogLine] = deque()
        self._first_room = self._last_room = room

    def add(self, line: LogLine) -> None:
        size = len(line.text) + _PER_LINE
        if self._first_room >= size and not self._last:
            self._first.append(line)
            self._first_room -= size
            return
        self._last.append(line)
        self._last_room -= size
        while self._last_room < 0 and len(self._last) > 1:
            self._last_room += len(self._last.popleft().text) + _PER_LINE

    def __iter__(self) -> Iterator[LogLine]:
        yield from self._first
        yield from self._last


class _Gathering:
    def __init__(self, room: int, usual: frozenset[int]) -> None:
        self._usual = usual
        self._said: set[int] = set()
        self._errors: Counter[int] = Counter()
        self._recent: deque[LogLine] = deque(maxlen=BEFORE_FAILURE)
        self._all, self._failures, self._around, self._context, self._new = (_Ends(room) for _ in range(5))
        self._after_failure = self._after_error = 0

    def add(self, line: LogLine, mine: str) -> None:
        self._all.add(line)
        if self._usual:
            self._note_new(line, mine)
        if SIGNAL.search(line.text) is not None:
            self._note_signal(line, mine)
        if self._after_failure:
            self._after_failure -= 1
            self._failures.add(line)
        elif self._after_error:
            self._after_error -= 1
            self._around.add(line)
        else:
            self._recent.append(line)

    def _note_new(self, line: LogLine, mine: str) -> None:
        key = hash(mine)
        if mine and key not in self._usual and key not in self._said and len(self._said) < _SHAPES:
            self._said.add(key)
            self._new.add(line)

    def _note_signal(self, line: LogLine, mine: str) -> None:
        """Lines before it are moved out of ``recent``, so that however many signals follow each line is moved once."""
        if FAILURE.search(without_prefix(line.text)):
            while self._recent:
                self._failures.add(self._recent.popleft())
            self._after_failure = AFTER_FAILURE + 1
        elif ERROR.search(line.text) and self._is_rare(hash(mine)):
            for before in [self._recent.pop() for _ in range(min(AROUND_ERROR, len(self._recent)))][::-1]:
                self._around.add(before)
            self._after_error = AROUND_ERROR + 1
        if CONTEXT.search(line.text):
            self._context.add(line)

    def _is_rare(self, key: int) -> bool:
        if key not in self._errors and len(self._errors) >= _SHAPES:
            self._errors.clear()
        self._errors[key] += 1
        return self._errors[key] <= _SAME_ERRORS

    def result(self) -> Gathered:
        kept = (self._all, self._failures, self._around, self._context, self._new)
        # A line and the note that folds its repeats may bear one number: both are kept.
        lines = sorted({line for lines in kept for line in lines}, key=lambda line: (line.number, line.text))
        return Gathered(tuple(lines), frozenset(line.number for line in self._new))
