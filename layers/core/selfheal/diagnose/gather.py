"""What may matter of a log of any size, gathered in one pass and in memory that its size does not change."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.markers import CONTEXT, ERROR, FAILURE, SIGNAL
from selfheal.diagnose.rare import Rare
from selfheal.diagnose.shape import shape
from selfheal.diagnose.signatures import known
from selfheal.ports import LogLine

BEFORE_FAILURE = 80
AFTER_FAILURE = 6
AROUND_ERROR = 3
AROUND_KNOWN = 2
FOLDED = "(like the line above, "
_SHAPES = 50_000
_LOOK_UPS = 10_000
_SAME_ERRORS = 4
_PER_LINE = 1


@dataclass(frozen=True, slots=True)
class Gathered:
    """Lines in order, and the numbers of those to look at first, most telling first.

    Those that a signature knows, those that the last good runs did not say, alarming ones that came once.
    """

    lines: tuple[LogLine, ...]
    singled: tuple[frozenset[int], ...]


def gather(lines: Iterable[LogLine], room: int, usual: frozenset[int] = frozenset()) -> Gathered:
    """What may matter of cleaned lines, some multiple of ``room`` bytes at the most.

    That is both ends of each of these: the log itself, the lines around failed commands, those around errors
    (each shape of error a few times), those around errors that a signature knows, errors that came once, phase
    context, and lines of shapes that are neither in ``usual`` (see ``shapes``; empty when nothing is known about
    good runs) nor said before. Repeated lines are folded into one that says how many there were.
    """
    gathering = _Gathering(room, usual)
    for line, mine in _folded(lines):
        gathering.add(line, mine)
    return gathering.result()


def _folded(lines: Iterable[LogLine]) -> Iterator[tuple[LogLine, str]]:
    """Each line with its shape, repeats of the line above folded but for the last: it may be the last of many tries."""
    said, repeats = "", 0
    last: LogLine | None = None
    for line in lines:
        mine = shape(line.text)
        if mine and mine == said:
            repeats, last = repeats + 1, line
            continue
        if last is not None:
            yield from _repeated(last, repeats, said)
        said, repeats, last = mine, 0, None
        yield line, mine
    if last is not None:
        yield from _repeated(last, repeats, said)


def _repeated(last: LogLine, repeats: int, said: str) -> Iterator[tuple[LogLine, str]]:
    if repeats > 1:
        yield LogLine(last.number - 1, f"{FOLDED}{repeats - 1} times more)"), ""
    yield last, said


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


class _Region:
    """Lines that were asked for, and some before and after each; both ends of all that, ``room`` bytes of each."""

    def __init__(self, before: int, after: int, room: int) -> None:
        self._before: deque[LogLine] = deque(maxlen=before)
        self._kept = _Ends(room)
        self._after, self._left = after, 0

    def add(self, line: LogLine, wanted: bool) -> None:
        if wanted:
            while self._before:
                self._kept.add(self._before.popleft())
            self._left = self._after + 1
        if self._left:
            self._left -= 1
            self._kept.add(line)
        else:
            self._before.append(line)

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._kept)


class _Gathering:
    def __init__(self, room: int, usual: frozenset[int]) -> None:
        self._usual = usual
        self._said: set[int] = set()
        self._looked_up: dict[int, bool] = {}
        self._errors: Counter[int] = Counter()
        self._all, self._context, self._new = (_Ends(room) for _ in range(3))
        self._failures = _Region(BEFORE_FAILURE, AFTER_FAILURE, room)
        self._around = _Region(AROUND_ERROR, AROUND_ERROR, room)
        self._known = _Region(AROUND_KNOWN, AROUND_KNOWN, room)
        self._rare = Rare(room)

    def add(self, line: LogLine, mine: str) -> None:
        self._all.add(line)
        if self._usual:
            self._note_new(line, mine)
        signals = SIGNAL.search(line.text) is not None
        alarming = signals and ERROR.search(line.text) is not None
        key = hash(mine)
        self._failures.add(line, signals and FAILURE.search(without_prefix(line.text)) is not None)
        seldom = alarming and self._is_seldom(key)
        self._around.add(line, seldom)
        self._known.add(line, seldom and self._is_known(key, line.text))
        self._rare.add(line, key, alarming)
        if signals and CONTEXT.search(line.text):
            self._context.add(line)

    def _note_new(self, line: LogLine, mine: str) -> None:
        key = hash(mine)
        if mine and key not in self._usual and key not in self._said and len(self._said) < _SHAPES:
            self._said.add(key)
            self._new.add(line)

    def _is_seldom(self, key: int) -> bool:
        if key not in self._errors and len(self._errors) >= _SHAPES:
            self._errors.clear()
        self._errors[key] += 1
        return self._errors[key] <= _SAME_ERRORS

    def _is_known(self, key: int, text: str) -> bool:
        """Whether a signature knows the line; each shape is looked up once, for that takes its time."""
        if key not in self._looked_up and len(self._looked_up) < _LOOK_UPS:
            self._looked_up[key] = known(text)
        return self._looked_up.get(key, False)

    def result(self) -> Gathered:
        singled = [frozenset(line.number for line in some) for some in (self._known, self._new, self._rare)]
        kept = (self._all, self._failures, self._around, self._context, self._known, self._new, self._rare)
        # A line and the note that folds its repeats may bear one number: both are kept.
        lines = sorted({line for lines in kept for line in lines}, key=lambda line: (line.number, line.text))
        return Gathered(tuple(lines), tuple(singled))
