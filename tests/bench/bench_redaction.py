"""Measures redaction: what the corpus loses, what real logs lose, speed, and how time grows with size.

``python tests/bench/bench_redaction.py``. The corpus (``tests/redaction``) is our own: that everything in it goes
says that the patterns do what they are meant to, and nothing about secrets that nobody thought of. Real logs come
from SELFHEAL_DATA or ../shared/data; without them their figures are left out and speed is measured on the corpus.
Times are processor seconds of one thread, the best of three.
"""

import json
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from selfheal.diagnose.clean import clean
from selfheal.diagnose.redact import Redactor
from tests.bench.commands import MEGABYTE, report_command
from tests.redaction.harmless import HARMLESS
from tests.redaction.places import ANYWHERE, NAMED
from tests.redaction.tokens import KINDS, survives, token

SEEDS = 5
PASSWORDS = ["correcthorse7", "okapi!zebra9x", "bGVtdXI6b2thcGk=", "Tr0ub4dor+3", "sommer2024#"]
KNOWN = ["a-value-of-the-build", "another one, with spaces", "https://h.example.test/?a=b&c=d"]
KIND = re.compile(r"\[redacted:([a-z-]+)#")
HOSTILE = {
    "one letter": "a",
    "digits and letters": "a1B2c3D4e5F6g7H8",
    "names without values": "password token secret ",
    "assignments": "password=x ",
    "open quotes": 'token="',
    "escaped quotes": 'token=\\"\\',
    "url starts": "https://user:",
    "url credentials": "https://u:p@h ",
    "jwt starts": "eyJhbGciOiJ",
    "dotted jwt": "eyJhbGciOiJIUzI1NiJ9.",
    "key marks": "-----BEGIN PRIVATE KEY-----",
    "logins": "docker login -u a -p ",
    "flags": " --password --token",
    "access keys": "AKIA" + "Q3EGUZKTXAMPLE7A ",
    "base64 of base64": "ZXhwb3J0IFRPS0VOPWFi",
    "placeholders": "[redacted:jwt#1]",
    "open escapes": "\x1b]0;",
    "colours": "\x1b[31mx",
    "combining letters": "e\u0301\ufb01",
}


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds, the best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def redacted(text: str) -> str:
    """The text as a new redactor leaves it."""
    return Redactor(KNOWN).redact(text)


def logs() -> list[str]:
    """The texts of the labelled logs; none where they are missing."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("SELFHEAL_DATA", beside)) / "ci-logs"
    files = [path for path in (folder / "failed.jsonl", folder / "passed.jsonl") if path.exists()]
    return [json.loads(line)["text"] for path in files for line in path.read_text("utf-8").splitlines()]


def corpus() -> Iterator[tuple[str, str, int]]:
    """Secret, the line it stands in, and how many characters in a row may not survive."""
    for kind in KINDS:
        for seed in range(SEEDS):
            secret = token(kind, seed)
            yield from ((secret, place.format(secret), 12) for place in ANYWHERE.values())
    for password in PASSWORDS:
        yield from ((password, place.format(password), 6) for place in NAMED.values())


def report_corpus() -> None:
    """How much of our own corpus goes, and how much of what must stay does not."""
    found = [survives(secret, Redactor().redact(line), window) for secret, line, window in corpus()]
    print(f"corpus: {found.count(False)} of {len(found)} secrets gone", end="  ")
    print(
        f"({len(KINDS)} formats x {SEEDS} x {len(ANYWHERE)} places, {len(PASSWORDS)} passwords x {len(NAMED)})"
    )
    print(
        f"harmless lines changed: {sum(Redactor().redact(line) != line for line in HARMLESS)} of {len(HARMLESS)}"
    )


def report_altered(texts: list[str]) -> None:
    """How many lines of real logs are changed by more than cleaning, and by which kind."""
    pairs: list[tuple[str, str]] = []
    for text in texts:
        pairs += zip(clean(text).split("\n"), Redactor().redact(text).split("\n"), strict=True)
    changed = [after for before, after in pairs if before != after]
    kinds = Counter(kind for line in changed for kind in set(KIND.findall(line)))
    print(
        f"real lines altered: {len(changed)} of {len(pairs)} ({len(changed) / len(pairs):.2%})  {dict(kinds)}"
    )


def report_growth(text: str, what: str) -> None:
    """Speed, and what doubling the text does to the time. The first round has made RE2 build its automata."""
    Redactor(KNOWN).redact(text[:MEGABYTE])
    print(f"{what}, {len(KNOWN)} known values: MB, seconds, MB/s, times the one before")
    before = float("nan")
    for megabytes in (1, 2, 4, 8, 16):
        part = (text * (megabytes * MEGABYTE // len(text) + 1))[: megabytes * MEGABYTE]
        took = seconds(partial(redacted, part))
        print(f"  {megabytes:3d} {took:8.2f} {megabytes / took:6.1f} {took / before:6.2f}")
        before = took


def report_hostile() -> None:
    """One line without an end, as large as the cap of the command allows, and its double."""
    print("hostile lines: KB, milliseconds, and times the half; twice the size should be twice the time")
    for name, piece in HOSTILE.items():
        times = []
        for size in (128 * 1024, 256 * 1024, 512 * 1024):
            line = (piece * (size // len(piece) + 1))[:size]
            times.append(seconds(partial(Redactor((), 1024 * 1024).redact, line)))
        half, whole, double = (took * 1e3 for took in times)
        print(f"  {name:22} 256 KB {whole:7.1f} ms  x{whole / half:4.1f}", end="   ")
        print(f"512 KB {double:7.1f} ms  x{double / whole:4.1f}")


def report_stream(text: str) -> None:
    """The command on a stream of 100 MB: speed and memory."""
    with tempfile.TemporaryFile() as stream:
        raw = text.encode()
        for _ in range(100 * MEGABYTE // len(raw) + 1):
            stream.write(raw)
        report_command(stream, "redact")


def main() -> None:
    """Print all figures; the command first, for a child's peak memory counts what its parent had."""
    texts = logs()
    if texts:
        report_stream("\n".join(texts) + "\n")
    report_corpus()
    if texts:
        report_altered(texts)
        report_growth("\n".join(texts), "real logs")
    else:
        print("skipped: no labelled logs (set SELFHEAL_DATA)")
        report_growth("\n".join(line for _, line, _ in corpus()), "corpus: a secret in every line")
    report_hostile()


if __name__ == "__main__":
    main()
