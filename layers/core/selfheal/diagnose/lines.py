"""Lines out of chunks: text that comes in pieces of any size, of which no more than a line is held."""

from collections.abc import Iterable, Iterator

from selfheal.diagnose.clean import last_overwrite

LONGEST_LINE = 64 * 1024
"""Of a log's line no more is looked at, in characters."""


def lines_of(chunks: Iterable[str], longest: int) -> Iterator[str]:
    """The lines of the text that the chunks make up, without their newlines; a last one without is given too.

    Of a line longer than ``longest`` characters at least that many are kept: of what it shows, for what a
    carriage return has overwritten goes first.
    """
    parts: list[str] = []
    size = 0
    for chunk in chunks:
        first, *others = chunk.split("\n")
        parts.append(first)
        size += len(first)
        if size > longest:
            parts = [_shortened("".join(parts), longest)]
            size = len(parts[0])
        for other in others:
            yield "".join(parts)
            parts, size = [other], len(other)
    if size:
        yield "".join(parts)


def _shortened(line: str, longest: int) -> str:
    """The start of the segment that shows at present, and the carriage return that may overwrite it yet."""
    head, returned, tail = line.rpartition("\r")
    shown = last_overwrite(head)[: longest + 1] + returned if returned else ""
    return shown + tail[: longest + 1]
