"""Logs that builds leave in S3."""

import gzip
import zlib
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.adapters import s3_logs
from selfheal.adapters.log_lines import ends_of
from selfheal.adapters.readers import PlaceLogReader
from selfheal.adapters.s3_logs import S3LogReader
from selfheal.domain.errors import RequestRejected
from selfheal.domain.run import LogLocation, LogObject
from selfheal.ports import LogLine

WHERE = LogObject("build-logs", "shop/0a1b.gz")
LINES = ["first", "", "tab\tand Ärger", "last"]
TEXT = "\n".join(LINES).encode()


@pytest.fixture
def s3() -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=WHERE.bucket)
    return client


def read(client: Any, body: bytes) -> list[str]:
    client.put_object(Bucket=WHERE.bucket, Key=WHERE.key, Body=body)
    lines = list(S3LogReader(client).lines(WHERE))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    return [line.text for line in lines]


@pytest.mark.parametrize(
    "body",
    [TEXT, TEXT + b"\n", gzip.compress(TEXT), gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])],
    ids=["plain", "plain with newline", "gzip", "gzip in two members"],
)
def test_every_form_of_a_log_gives_its_lines(s3: Any, body: bytes) -> None:
    assert read(s3, body) == LINES


@pytest.mark.parametrize("body", [b"", gzip.compress(b"")], ids=["plain", "gzip"])
def test_an_empty_log_has_no_lines(s3: Any, body: bytes) -> None:
    assert read(s3, body) == []


def test_a_log_that_does_not_exist_is_empty(s3: Any) -> None:
    assert list(S3LogReader(s3).lines(WHERE)) == []
    assert list(S3LogReader(s3).lines(LogObject("no-such-bucket", "k"))) == []


def test_a_log_that_may_not_be_read_is_not_empty(scripted: Any) -> None:
    client, stubber = scripted("s3")
    stubber.add_client_error("get_object", "AccessDenied", "no", http_status_code=403)
    with pytest.raises(RequestRejected, match="s3:GetObject"):
        list(S3LogReader(client).lines(WHERE))


@pytest.mark.parametrize(
    "body",
    [gzip.compress(TEXT * 50)[:-20], gzip.compress(TEXT) + b"no gzip"],
    ids=["cut short", "followed by something else"],
)
def test_damage_is_said_behind_what_could_be_read(s3: Any, body: bytes) -> None:
    found = read(s3, body)
    assert found[0] == "first"
    assert found[-1] == "(the rest of the log is damaged)"


def test_what_unfolds_without_end_is_stopped(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_logs, "LONGEST_LOG", 1_000_000)
    found = read(s3, gzip.compress(b"word\n" * 2_000_000))
    assert found[-1].startswith("(the rest of the log was not read")
    assert len(found) <= 200_002


def test_little_is_held_of_what_unfolds_to_much() -> None:
    bomb = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    packed = bomb.compress(b"\0" * 50_000_000) + bomb.flush()
    assert max(map(len, s3_logs._unzipped([packed]))) <= s3_logs.CHUNK


@given(st.lists(st.text("ab", max_size=5)), st.integers(0, 30), st.integers(0, 30))
def test_both_ends_are_kept_with_their_own_numbers(texts: list[str], head: int, tail: int) -> None:
    found = list(ends_of(texts, head, tail))
    whole = [LogLine(number, text) for number, text in enumerate(texts, 1)]
    notes = [line for line in found if line not in whole]
    kept = [line for line in found if line in whole]
    assert len(notes) <= 1
    left_out = int(notes[0].text.split()[0][1:]) if notes else 0
    assert len(kept) + left_out == len(whole)
    assert kept == whole[: len(kept) - _after(kept)] + whole[len(whole) - _after(kept) :]
    behind = sum(len(line.text) + 1 for line in kept[len(kept) - _after(kept) :])
    assert behind <= tail or _after(kept) == 1
    assert (
        notes or sum(len(text) + 1 for text in texts) <= head + tail + 2 * 6
    )  # two lines that did not fit whole


def _after(kept: list[LogLine]) -> int:
    """How many of the kept lines stand behind the gap."""
    gap = next((n for n, line in enumerate(kept, 1) if line.number != n), len(kept) + 1)
    return len(kept) - gap + 1


def test_each_log_is_read_where_it_is() -> None:
    class Said:
        def __init__(self, word: str) -> None:
            self.word = word

        def lines(self, place: object) -> Any:
            yield LogLine(1, self.word)

    reader = PlaceLogReader(lambda: Said("cloudwatch"), lambda: Said("s3"))
    assert [line.text for line in reader.lines(LogLocation("g", "s"))] == ["cloudwatch"]
    assert [line.text for line in reader.lines(WHERE)] == ["s3"]
