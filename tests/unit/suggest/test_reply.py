"""Reading a model's answer: the agreed shape or nothing, and plain text only."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.diagnose.redact import Redactor
from selfheal.domain.errors import NoSuggestion
from selfheal.suggest.reply import MAX_EXPLANATION_CHARS, MAX_QUOTES, MAX_REPLY_CHARS, read_reply

ALLOWED = ["retry_build", "notify"]
EVIDENCE = ["fatal: unable to access the repository", "Connection reset by peer"]
GOOD = {"remedy": "retry_build", "explanation": "The network failed.", "quotes": ["Connection reset by peer"]}
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def read(document: object) -> object:
    text = document if isinstance(document, str) else json.dumps(document)
    return read_reply(text, ALLOWED, EVIDENCE, Redactor())


def test_the_agreed_shape_is_read() -> None:
    reply = read_reply(json.dumps(GOOD), ALLOWED, EVIDENCE, Redactor())
    assert (reply.remedy, reply.explanation) == ("retry_build", "The network failed.")
    assert reply.quotes == ("Connection reset by peer",)


@pytest.mark.parametrize(
    "remedy",
    ["retry_build ", "RETRY_BUILD", "r\u0435try_build", "roll_back_stage", "", None, ["retry_build"], 1],
)
def test_a_remedy_that_is_not_allowed_is_no_suggestion(remedy: object) -> None:
    with pytest.raises(NoSuggestion, match="not allowed"):
        read({**GOOD, "remedy": remedy})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "retry_build",
        "null",
        "[]",
        json.dumps(GOOD) + " and more",
        json.dumps(GOOD)[:-1] + ', "remedy": "notify"}',
        json.dumps(GOOD)[:-1] + ', "target": "prod"}',
        json.dumps(GOOD).replace('"The network failed."', "NaN"),
        json.dumps({"remedy": "notify", "explanation": "x"}),
        json.dumps({**GOOD, "quotes": "Connection reset by peer"}),
        json.dumps({**GOOD, "explanation": "  \n "}),
        json.dumps({**GOOD, "explanation": {"text": "x"}}),
        "[" * 15_000,
        json.dumps({**GOOD, "explanation": "x" * MAX_REPLY_CHARS}),
    ],
)
def test_anything_but_the_agreed_shape_is_no_suggestion(text: str) -> None:
    with pytest.raises(NoSuggestion):
        read(text)


def test_quotes_that_nobody_wrote_are_dropped() -> None:
    quotes = ["Connection reset by peer", "Connection was never reset", "reset", 7, "fatal: unable to access"]
    reply = read_reply(json.dumps({**GOOD, "quotes": quotes}), ALLOWED, EVIDENCE, Redactor())
    assert reply.quotes == ("Connection reset by peer", "fatal: unable to access")
    assert reply.quotes_dropped == 3


def test_quotes_are_few_and_not_repeated() -> None:
    quotes = [EVIDENCE[0][:n] for n in range(8, 30)] * 2
    reply = read_reply(json.dumps({**GOOD, "quotes": quotes}), ALLOWED, EVIDENCE, Redactor())
    assert len(reply.quotes) == MAX_QUOTES == len(set(reply.quotes))


@pytest.mark.parametrize(
    ("said", "inert"),
    [
        ("see ![x](http://evil.example/?q=1) now", "see !(x)((link removed) now"),
        ("<!channel> <script>alert(1)</script>", "(!channel) (script)alert(1)(/script)"),
        ("ask @here or www.evil.example", "ask (at)here or (link removed)"),
        ("javascript:alert(1) data:text/html,x", "(link removed) (link removed)"),
        ("two\n\nlines\u202e\u200b", "two lines"),
    ],
)
def test_the_explanation_can_do_nothing(said: str, inert: str) -> None:
    reply = read_reply(json.dumps({**GOOD, "explanation": said}), ALLOWED, EVIDENCE, Redactor())
    assert reply.explanation == inert


def test_the_explanation_is_redacted_and_capped() -> None:
    said = "use ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8 " + "and so on " * 500
    reply = read_reply(json.dumps({**GOOD, "explanation": said}), ALLOWED, EVIDENCE, Redactor())
    assert "ghp_" not in reply.explanation
    assert len(reply.explanation) <= MAX_EXPLANATION_CHARS


@given(JSON | st.fixed_dictionaries({"remedy": JSON, "explanation": JSON, "quotes": JSON}) | st.text())
def test_whatever_a_model_says_only_an_allowed_remedy_comes_out(document: object) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    try:
        reply = read_reply(text, ALLOWED, EVIDENCE, Redactor())
    except NoSuggestion:
        return
    assert reply.remedy in ALLOWED
    assert all(any(quote in line for line in EVIDENCE) for quote in reply.quotes)
