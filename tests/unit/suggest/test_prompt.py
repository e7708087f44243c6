"""The prompt: fixed instructions, evidence that cannot leave its block."""

import json

from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine
from selfheal.remedies.registry import catalogue
from selfheal.suggest.prompt import INSTRUCTIONS, VERSION, evidence_block
from selfheal.suggest.schema import reply_schema

NONCE = "0f" * 16
PINNED = "1-d9126c1a"


def diagnosis(text: str) -> Diagnosis:
    return Diagnosis(Cause.NETWORK, True, 0.8, "signature:x", "ab", text, (EvidenceLine(3, text),), test=text)


def test_the_instructions_change_only_together_with_their_version() -> None:
    """Whoever changes them counts the version up, here and there: suggestions carry it into the ledger."""
    assert VERSION == PINNED


def test_the_instructions_hold_no_evidence() -> None:
    assert "a line of the log" in evidence_block(diagnosis("a line of the log"), [], NONCE)
    assert "{" not in INSTRUCTIONS


@given(st.text())
def test_nothing_in_the_evidence_can_end_its_block(text: str) -> None:
    block = evidence_block(diagnosis(text), catalogue(), NONCE)
    first, body, last = block.split("\n")
    assert (first, last) == (f"<evidence {NONCE}>", f"</evidence {NONCE}>")
    assert body.isascii() and "<" not in body and ">" not in body
    assert json.loads(body)["lines"] == [{"line": 3, "text": text}]


def test_the_remedies_to_choose_from_are_named() -> None:
    body = json.loads(evidence_block(diagnosis("x"), catalogue(), NONCE).split("\n")[1])
    assert {remedy["id"] for remedy in body["remedies"]} == {remedy.id for remedy in catalogue()}


def test_the_schema_is_flat_and_closed() -> None:
    schema = reply_schema(["retry_build", "notify"])
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(properties)
    assert properties["remedy"] == {"type": "string", "enum": ["retry_build", "notify"]}
