"""S3: a build's log as one object, gzip as CodeBuild writes it or plain text."""

import codecs
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from selfheal.adapters.calls import Client, calling
from selfheal.adapters.log_lines import ends_of
from selfheal.diagnose.lines import LONGEST_LINE, lines_of
from selfheal.domain.errors import RunNotFound
from selfheal.domain.run import LogObject
from selfheal.ports import LogLine

CHUNK = 256 * 1024
HEAD_CHARACTERS = 256 * 1024 * 1024
TAIL_CHARACTERS = 4 * 1024 * 1024
LONGEST_LOG = 2 * 1024 * 1024 * 1024
_GONE = {"NoSuchKey": "no such log", "NoSuchBucket": "no such log"}
_GZIP = b"\x1f\x8b"
_DAMAGED = b"\n(the rest of the log is damaged)\n"
_ENDLESS = b"\n(the rest of the log was not read: it is longer than 2 GiB)\n"


class S3LogReader:
    """LogReader of logs in S3. Needs s3:GetObject. Holds some chunks and, of a huge log, its last 4 MiB."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def lines(self, place: LogObject) -> Iterator[LogLine]:
        """LogReader."""
        try:
            with calling("s3:GetObject", gone=_GONE):
                body = self._client.get_object(Bucket=place.bucket, Key=place.key)["Body"]
        except RunNotFound:
            return
        text = codecs.iterdecode(_limited(_plain(_chunks(body)), LONGEST_LOG), "utf-8", "replace")
        yield from ends_of(lines_of(text, LONGEST_LINE), HEAD_CHARACTERS, TAIL_CHARACTERS)


def _chunks(body: Any) -> Iterator[bytes]:
    while True:
        with calling("s3:GetObject"):
            chunk: bytes = body.read(CHUNK)
        if not chunk:
            return
        yield chunk


def _plain(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    whole = chain([first], chunks)
    return _unzipped(whole) if first.startswith(_GZIP) else whole


def _unzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The plain bytes of any number of gzip members, in pieces; damage ends it with a line that says so."""
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for chunk in chunks:
        rest = chunk
        while rest:
            if member.eof:
                member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                yield member.decompress(rest, CHUNK)
            except zlib.error:
                yield _DAMAGED
                return
            rest = member.unconsumed_tail or member.unused_data
    if not member.eof:
        yield member.flush() + _DAMAGED


def _limited(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """What a few zipped bytes can unfold to has no natural end."""
    for chunk in chunks:
        most -= len(chunk)
        if most < 0:
            yield _ENDLESS
            return
        yield chunk
