"""The part of a build's log that is worth reading: cleaned, redacted, within a byte budget."""

from collections import deque
from collections.abc import Iterable, Iterator

from selfheal.diagnose.gather import gather
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.reduce import choose
from selfheal.ports import LogLine

EXCERPT_BYTES = 16 * 1024


def excerpt(
    lines: Iterable[LogLine],
    redactor: Redactor,
    usual: frozenset[int] = frozenset(),
    max_bytes: int = EXCERPT_BYTES,
) -> list[LogLine]:
    """The lines of a raw log that matter, redacted, in order; together at most ``max_bytes`` of UTF-8.

    Key blocks go before anything could tear them apart, all other secrets before lines are cut. ``usual`` are
    the shapes of what recent good runs said (see ``shapes``). Holds a few times ``max_bytes``, whatever comes.
    """
    found = gather(_plain(lines, redactor), 2 * max_bytes, usual)
    texts = redactor.lines(line.text for line in found.lines)
    safe = [LogLine(line.number, text) for line, text in zip(found.lines, texts, strict=True)]
    return choose(safe, max_bytes, found.singled)


def _plain(lines: Iterable[LogLine], redactor: Redactor) -> Iterator[LogLine]:
    """Cleaned lines; a line's number waits beside it while its text runs through the block finder."""
    numbers: deque[int] = deque()

    def texts() -> Iterator[str]:
        for line in lines:
            numbers.append(line.number)
            yield redactor.plain(line.text)

    for text in redactor.hide_key_blocks(texts()):
        yield LogLine(numbers.popleft(), text)
