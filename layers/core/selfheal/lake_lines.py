"""The lines of one object of the lake, wherever it was read from: the containers that train have no boto3."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from selfheal.domain.errors import InvalidEvent
from selfheal.domain.measurement import Measurement, flaws
from selfheal.wire import measurement_of

LONGEST_LINE = 1024 * 1024


def measurements_in(name: str, body: BinaryIO, skipped: Counter[str]) -> Iterator[Measurement]:
    """The believable measurements of a gzip object of that name; what is skipped is counted by name and reason."""
    for line in _lines(name, body, skipped):
        try:
            measurement = measurement_of(line)
        except InvalidEvent as error:
            skipped[f"{name}: a line is no measurement ({error.field})"] += 1
            continue
        if flaws(measurement):
            skipped[f"{name}: a line holds a number that cannot be"] += 1
        else:
            yield measurement


def _lines(name: str, body: BinaryIO, skipped: Counter[str]) -> Iterator[bytes]:
    """What comes before the damage is read: the rest of a damaged object is skipped."""
    with gzip.open(body) as lines:
        try:
            while line := lines.readline(LONGEST_LINE):
                if not line.endswith(b"\n"):
                    skipped[f"{name}: cut short, or a line that does not end"] += 1
                    return
                yield line
        except (OSError, EOFError, zlib.error):
            skipped[f"{name}: no gzip, or damaged"] += 1
