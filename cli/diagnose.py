"""`selfheal diagnose`: say why a run failed, from its log alone. Offline; nothing un-redacted comes out."""

import codecs
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer

from cli.diagnosis_screen import report
from cli.errors import UsageError, readable_errors
from cli.local_cloud import AsJson
from cli.terminal import make_console
from local.counting import counted
from selfheal.diagnose.lines import LONGEST_LINE, lines_of
from selfheal.diagnose.offline import diagnose_lines, diagnose_log, quoted
from selfheal.diagnose.signatures import Signature
from selfheal.domain.choice import applicable
from selfheal.domain.diagnosis import Diagnosis
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.remedy import Remedy
from selfheal.remedies.registry import catalogue
from selfheal.suggest.catalogue import explain

STDIN = Path("-")
START = 4096
TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\b\x1b")
MOST_CONTROLS = 0.05
ARCHIVES = (b"\x1f\x8b", b"PK\x03\x04", b"\x7fELF", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd")
CHUNK = 256 * 1024

Files = Annotated[
    list[Path] | None, typer.Argument(metavar="FILE", help="Logs of failed runs; - for standard input.")
]
Lines = Annotated[
    Path | None,
    typer.Option(
        "--jsonl", metavar="FILE", help='A file of {"id", "text"} objects, one a line; one diagnosis a line.'
    ),
]


def diagnose(files: Files = None, as_json: AsJson = False, jsonl: Lines = None) -> None:
    """Say why a run failed, from its log alone: cause, evidence, remedy. Needs no AWS and no credentials."""
    with readable_errors():
        if jsonl:
            _require_alone(jsonl, files, as_json)
            _print_stream(jsonl)
        elif files:
            _print_files(files, as_json)
        else:
            raise UsageError("name a log: selfheal diagnose FILE..., or --jsonl FILE for many in one file")


def _require_alone(jsonl: Path, files: Sequence[Path] | None, as_json: bool) -> None:
    if files or as_json:
        raise UsageError(f"--jsonl reads {jsonl} and nothing else: leave out FILE and --json")


def _print_files(files: Sequence[Path], as_json: bool) -> None:
    """One log after the other as it is read, none of them held whole but a pipe's that is read twice for JSON."""
    if as_json:
        found = [{"file": str(path), **_document_of(path)} for path in files]
        typer.echo(json.dumps({"diagnoses": found}))
        return
    for path in files:
        with _opened(path) as log:
            diagnosis = diagnose_lines(_lines(log))
        remedy = remedy_of(diagnosis)
        make_console().print(report(str(path), diagnosis, remedy, explain(diagnosis, remedy)))


def _document_of(path: Path) -> dict[str, object]:
    with _opened(path) as log:
        again = log if log.seekable() else BytesIO(log.read())
        start = again.tell()
        found = diagnose_lines(_lines(again))
        again.seek(start)
        return _document(quoted(found, _lines(again)))


def _lines(log: BinaryIO) -> Iterator[str]:
    """The log's lines; bytes that are no UTF-8 are replaced, for a log may hold anything."""
    chunks = iter(partial(log.read, CHUNK), b"")
    return lines_of(codecs.iterdecode(chunks, "utf-8", "replace"), LONGEST_LINE)


def _print_stream(path: Path) -> None:
    """One line out for each line in, in order; what cannot be read becomes its error and is counted on stderr."""
    lines = refused = 0
    with _opened(path) as rows:
        for document in diagnosed_lines(line.decode("utf-8", "replace") for line in rows):
            typer.echo(json.dumps(document))
            lines, refused = lines + 1, refused + ("error" in document)
    if refused:
        typer.echo(f'{refused} of {counted(lines, "line")} could not be read; see "error"', err=True)


def diagnosed_lines(lines: Iterable[str]) -> Iterator[dict[str, object]]:
    """For each line ``{"id", "text"}`` its diagnosis, for a bad one ``{"id", "error"}``; blank lines are skipped."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row_id: object = None
        try:
            row = _row(line)
            row_id = row.get("id")
            document = as_document(_text_field(row))
        except InvalidEvent as error:
            document = {"error": f"line {number}: {error}"}
        yield {"id": row_id, **document}


def as_document(text: str, signatures: Sequence[Signature] | None = None) -> dict[str, object]:
    """The diagnosis of a log as the JSON output shows it; the evidence stands in ``text`` letter by letter."""
    return _document(quoted(diagnose_log(text, signatures), text.split("\n")))


def _document(found: Diagnosis) -> dict[str, object]:
    return {
        "cause": found.cause.value,
        "transient": found.transient,
        "confidence": round(found.confidence, 3),
        "remedy": remedy_of(found).id,
        "evidence": [{"line": line.line, "text": line.text} for line in found.evidence],
        "fingerprint": found.fingerprint,
        "source": found.source,
    }


def remedy_of(diagnosis: Diagnosis) -> Remedy:
    """The remedy of the catalogue that fits best; policy, which is not asked here, may still refuse it."""
    return applicable(diagnosis, catalogue())[0]


def _row(line: str) -> Mapping[str, object]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidEvent("line", f"must be a JSON object with id and text: {error}") from error
    if not isinstance(row, dict):
        raise InvalidEvent("line", f"must be a JSON object with id and text, not {type(row).__name__}")
    return row


def _text_field(row: Mapping[str, object]) -> str:
    for field, kinds, words in (
        ("id", (str, int), "a string or a whole number"),
        ("text", (str,), "a string"),
    ):
        if field not in row:
            raise InvalidEvent(field, f"is missing; it must be {words}")
        if type(row[field]) not in kinds:
            raise InvalidEvent(field, f"must be {words}, not {type(row[field]).__name__}")
    return str(row["text"])


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path == STDIN:
        yield _text(sys.stdin.buffer, path)
        return
    with _open(path) as stream:
        yield _text(stream, path)


def _text(stream: BinaryIO, path: Path) -> BinaryIO:
    """The stream, if its start is that of a text. Raises UsageError for archives, programs and other binary files."""
    reader = stream if isinstance(stream, BufferedReader) else BufferedReader(cast(RawIOBase, stream))
    start = reader.peek(START)[:START]
    if start.startswith(ARCHIVES) or _controls(start) > MOST_CONTROLS * len(start):
        name = "standard input" if path == STDIN else path
        raise UsageError(f"{name} is no text: give a log as UTF-8 text, unpacked if it was compressed")
    return cast(BinaryIO, reader)


def _controls(start: bytes) -> int:
    """Bytes that no log has many of; a log in UTF-16 has one at every second place."""
    return sum(byte < 0x20 and byte not in TEXT_CONTROLS for byte in start)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
