"""The corpus: every format in every place, every place that names a secret, and what must stay.

The corpus is our own, so that it passes says that the patterns do what they are meant to, not how much of what
others leak they would find.
"""

import base64
import html
import json
import shlex
from collections.abc import Callable
from random import Random
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from selfheal.diagnose.lines import lines_of
from selfheal.diagnose.placeholders import PLACEHOLDER
from selfheal.diagnose.redact import Redactor
from tests.redaction.harmless import HARMLESS
from tests.redaction.places import ANYWHERE, NAMED
from tests.redaction.tokens import BASE64, KINDS, body, survives, token

PASSWORDS = ["correcthorse7", "okapi!zebra9x", "bGVtdXI6b2thcGk=", "Tr0ub4dor+3", "sommer2024#"]
ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "url": lambda value: quote(value, safe=""),
    "url in lower case": lambda value: (
        quote(value, safe="").lower() if value.islower() else quote(value, safe="")
    ),
    "form": quote_plus,
    "json": lambda value: json.dumps(value)[1:-1],
    "json with unicode": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "twice json": lambda value: json.dumps(json.dumps(value)[1:-1])[1:-1],
    "hex": lambda value: value.encode().hex(),
    "upper hex": lambda value: value.encode().hex().upper(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 behind 1": lambda value: base64.b64encode(b"u" + value.encode() + b"x").decode(),
    "base64 behind 2": lambda value: base64.b64encode(b"u:" + value.encode() + b"xy").decode(),
    "url-safe base64": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "html": html.escape,
    "shell": shlex.quote,
}
SPACED_OUT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x1b\x9b"), max_size=40)


@pytest.mark.parametrize("place", ANYWHERE)
@pytest.mark.parametrize("kind", KINDS)
def test_every_format_goes_in_every_place(kind: str, place: str) -> None:
    secret = token(kind)
    assert not survives(secret, Redactor().redact(ANYWHERE[place].format(secret)))


@pytest.mark.parametrize("place", NAMED)
@pytest.mark.parametrize("password", PASSWORDS)
def test_what_is_named_a_secret_goes_whatever_it_looks_like(password: str, place: str) -> None:
    assert not survives(password, Redactor().redact(NAMED[place].format(password)), window=6)


@pytest.mark.parametrize("line", HARMLESS)
def test_what_only_looks_secret_stays(line: str) -> None:
    assert Redactor().redact(line) == line


@pytest.mark.parametrize("kind", KINDS)
def test_base64_of_a_format_goes(kind: str) -> None:
    hidden = base64.b64encode(f"export TOKEN={token(kind)}\n".encode()).decode()
    assert not survives(hidden, Redactor().redact(f"+ echo {hidden} | base64 -d"))


@given(
    kind=st.sampled_from(sorted(KINDS)),
    seed=st.integers(0, 10_000),
    place=st.sampled_from(sorted(ANYWHERE)),
    before=SPACED_OUT,
    after=SPACED_OUT,
    size=st.integers(1, 40),
)
def test_no_format_survives_any_place_surroundings_or_chunks(
    kind: str, seed: int, place: str, before: str, after: str, size: int
) -> None:
    secret = token(kind, seed)
    text = f"{before} {ANYWHERE[place].format(secret)} {after}"
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    redacted = "\n".join(Redactor().lines(lines_of(chunks, 10_000)))
    assert not survives(secret, redacted)
    assert redacted.rstrip("\n") == Redactor().redact(text).rstrip("\n")


@given(
    value=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=8, max_size=40),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    place=st.sampled_from(sorted(ANYWHERE)),
)
@example('plain"words&more/yet', "twice json", "alone")
@example('plain "words" & more/yet', "url", "alone")
@example('plain "words" & more/yet', "twice json", "json")
@example('plain "words" & more/yet', "base64 behind 2", "query")
@example("0" * 8, "base64 behind 1", "alone")
def test_no_known_value_survives_any_encoding(value: str, encoding: str, place: str) -> None:
    shown = ENCODINGS[encoding](value)
    redacted = Redactor([value]).redact(ANYWHERE[place].format(shown))
    assert shown not in PLACEHOLDER.sub(
        "[]", redacted
    )  # such as "named-se": a part of a placeholder is no leak
    assert "[redacted:" in redacted


@given(
    seed=st.integers(0, 1000), size=st.integers(1, 90), stamp=st.sampled_from(["", "#9 1.234 ", "12:00:01 "])
)
def test_no_line_of_a_key_survives_any_chunks(seed: int, size: int, stamp: str) -> None:
    random = Random(seed)
    key = [body(random, BASE64, 64) for _ in range(random.randint(1, 12))] + [body(random, BASE64, 20) + "=="]
    lines = [
        "make sign",
        "-----BEGIN EC PRIVATE" + " KEY-----",
        *key,
        "-----END EC PRIVATE" + " KEY-----",
        "signed 1 of 1",
    ]
    text = "".join(f"{stamp}{line}\n" for line in lines)
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    redacted = list(Redactor().lines(lines_of(chunks, 10_000)))
    assert not any(survives(line, "\n".join(redacted)) for line in key)
    assert [redacted[0], redacted[-1]] == [f"{stamp}make sign", f"{stamp}signed 1 of 1"]
    assert len(redacted) == len(lines)


def test_the_same_secret_has_the_same_placeholder_however_it_is_found() -> None:
    secret = token("twilio")
    redactor = Redactor()
    first = redactor.redact(f"using {secret}")
    assert redactor.redact(f"API_TOKEN={secret}").removeprefix("API_TOKEN=") == first.removeprefix("using ")


def test_what_was_found_is_counted_by_kind() -> None:
    redactor = Redactor(["a known value"])
    redactor.redact(f"{token('npm')} {token('npm')} {token('npm', 1)} a known value")
    assert redactor.found == {"npm-token": 2, "known-value": 1}


@pytest.mark.parametrize("value", ["redacted", "known-value", "line", "value#1]"])
def test_a_known_value_that_a_placeholder_contains_ends_well(value: str) -> None:
    redacted = Redactor([value]).redact(f"x {value} y")
    assert redacted == "x [redacted:known-value#1] y"
    assert Redactor([value]).redact(redacted) == redacted
