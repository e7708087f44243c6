"""`selfheal redact`: take the secrets out of a stream, as it flows."""

import codecs
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Annotated, BinaryIO, Protocol

import typer

from cli.errors import UsageError, readable_errors
from selfheal.diagnose.known import SHORTEST
from selfheal.diagnose.lines import lines_of
from selfheal.diagnose.redact import Redactor

CHUNK = 64 * 1024
LINE_CAP = 1024 * 1024
MOST_KNOWN = 20_000
STDIN = Path("-")

File = Annotated[
    Path, typer.Argument(metavar="FILE", show_default=False, help="A log. Default: standard input, as for -.")
]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--value-from-env",
        metavar="NAME",
        help="An environment variable whose value must not come out in any encoding; may be given many times.",
    ),
]
Counts = Annotated[
    bool, typer.Option("--counts", help="Say at the end, on stderr, how much was found of what.")
]


def redact(file: File = STDIN, values: Values = None, counts: Counts = False) -> None:
    """Copy a log to standard output without its secrets, as it flows. Works offline.

    Terminal codes and overwritten progress output go too; lines are cut at 1 MiB.
    If anything goes wrong, the line at hand and all after it are not written, and
    the exit code is not 0.
    """
    with readable_errors():
        redactor = Redactor(known_values(values or (), os.environ), LINE_CAP)
        with _opened(file) as source:
            copy(source, sys.stdout.buffer, redactor)
    if counts:
        typer.echo(summary(redactor.found), err=True)


def _opened(file: Path) -> BufferedReader:
    """The file, or standard input for ``-``; at a terminal it says that it waits. Raises UsageError."""
    if file == STDIN:
        if sys.stdin.isatty():
            typer.echo("reads what you type, until Ctrl-D; or name a file: selfheal redact FILE", err=True)
        return open(sys.stdin.fileno(), "rb", closefd=False)
    try:
        return file.open("rb")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def known_values(names: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """The values of these variables. Raises UsageError for one that could not be redacted."""
    values = []
    for name in names:
        if len(environment.get(name, "").strip()) < SHORTEST:
            problem = "is shorter than 4 characters" if name in environment else "is not set"
            raise UsageError(f"--value-from-env {name}: {name} {problem}, so its value cannot be looked for")
        values.append(environment[name])
    if sum(map(len, values)) > MOST_KNOWN:
        raise UsageError(f"--value-from-env: the values are together longer than {MOST_KNOWN} characters")
    return values


class Readable(Protocol):
    """A buffered binary stream."""

    def read1(self, size: int, /) -> bytes:
        """What is there at present, at most ``size`` bytes; nothing at the end."""


def copy(source: Readable, target: BinaryIO, redactor: Redactor) -> None:
    """Every line of ``source``, redacted, each with a newline; what can be written is written before more is read."""
    for line in redactor.lines(lines_of(_text(source, target), 2 * LINE_CAP)):
        target.write(f"{line}\n".encode())
    target.flush()


def _text(source: Readable, target: BinaryIO) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while chunk := source.read1(CHUNK):
        yield decoder.decode(chunk)
        target.flush()
    yield decoder.decode(b"", final=True)


def summary(found: Mapping[str, int]) -> str:
    """What was found, by kind; never a value."""
    each = ", ".join(f"{count} {kind}" for kind, count in sorted(found.items()))
    return f"redacted: {each or 'nothing'}"
