"""Files of runs: one run as JSON a line, the format of `selfheal score --runs`."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cli.errors import UsageError
from selfheal.detect.stream import measurement
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.measurement import Measurement

STDIN = Path("-")
MOST_SECONDS = 86_400.0


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The lines of a file, or of standard input for ``-``, as bytes: they may be no text. Raises UsageError."""
    if path == STDIN:
        yield sys.stdin.buffer
        return
    with _open(path) as stream:
        yield stream


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


@dataclass(slots=True)
class PastOfOne:
    """The runs of one pipeline of a file, oldest first, each once; the names of all; why lines were left out."""

    runs: list[Measurement] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


def read_row(line: bytes) -> object:
    """What stands in a line. Raises InvalidEvent for what is no JSON in UTF-8; a byte order mark is passed over."""
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidEvent("run", f"must be UTF-8; byte {error.start + 1} of the line is not") from error
    except RecursionError as error:
        raise InvalidEvent("run", "must be a JSON object; this is nested too deeply") from error
    except ValueError as error:
        raise InvalidEvent("run", f"must be a JSON object: {error}") from error


def past_of_one(lines: Iterable[bytes], pipeline: str) -> PastOfOne:
    """What the lines say of the pipeline; a run that comes twice counts as it was said last."""
    past = PastOfOne()
    runs: dict[tuple[float, str], Measurement] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            run, name = measurement(read_row(line))
        except InvalidEvent as error:
            past.refused.append(f"line {number}: {error}")
            continue
        past.names.add(name)
        if name == pipeline:
            runs[run.started_at.timestamp(), run.run_id] = run
    past.runs = [runs[place] for place in sorted(runs)]
    return past
