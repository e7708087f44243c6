"""Suggestion: the model's word where it is usable, the catalogue's otherwise."""

import json
from collections.abc import Mapping

import pytest

from selfheal.diagnose.redact import Redactor
from selfheal.domain.decision import applicable
from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine, Suspect
from selfheal.domain.errors import (
    InvalidEvent,
    NoSuggestion,
    RequestRejected,
    SelfhealError,
    ServiceUnavailable,
    Throttled,
)
from selfheal.ports import ModelReply
from selfheal.remedies.registry import catalogue
from selfheal.suggest.catalogue import WHAT_TO_DO
from selfheal.suggest.suggest import random_nonce, suggest
from selfheal.testing.memory import ScriptedModel

NETWORK = Diagnosis(
    Cause.NETWORK,
    True,
    0.9,
    "signature:git-network",
    "ab12",
    "A network connection failed in BUILD: ssh: connect timed out",
    (EvidenceLine(4, "ssh: connect to host git.example port 22: timed out"),),
)
ALLOWED = applicable(NETWORK, catalogue())


class Failing:
    """A model that always fails the same way."""

    def __init__(self, error: SelfhealError) -> None:
        self._error = error

    def ask(self, instructions: str, evidence: str, schema: Mapping[str, object]) -> ModelReply:
        raise self._error


def answer(**changes: object) -> str:
    good = {
        "remedy": "retry_build",
        "explanation": "The network dropped out.",
        "quotes": ["connect to host git"],
    }
    return json.dumps({**good, **changes})


def test_a_usable_answer_becomes_the_suggestion() -> None:
    found = suggest(NETWORK, ALLOWED, ScriptedModel(answer()), Redactor())
    assert (found.remedy, found.explanation, found.origin) == (
        "retry_build",
        "The network dropped out.",
        "scripted",
    )
    assert (found.quotes, found.reason) == (("connect to host git",), "")
    assert (found.input_tokens, found.output_tokens) == (100, 10)


def test_the_evidence_is_marked_with_the_nonce_of_this_call() -> None:
    model = ScriptedModel(answer())
    suggest(NETWORK, ALLOWED, model, Redactor(), lambda: "feedface")
    [(instructions, evidence)] = model.asked
    assert evidence.startswith("<evidence feedface>\n")
    assert "feedface" not in instructions


def test_nonces_are_long_and_differ() -> None:
    assert len({random_nonce() for _ in range(50)}) == 50
    assert len(random_nonce()) == 32


@pytest.mark.parametrize(
    "error",
    [NoSuggestion("cut off"), Throttled("slow down"), ServiceUnavailable("gone"), RequestRejected("denied")],
)
def test_without_an_answer_the_catalogue_speaks_and_says_why(error: SelfhealError) -> None:
    found = suggest(NETWORK, ALLOWED, Failing(error), Redactor())
    assert (found.remedy, found.origin, found.reason) == (ALLOWED[0].id, "catalogue", str(error))


@pytest.mark.parametrize("text", ["", "no json", answer(remedy="roll_back_stage"), answer(explanation="")])
def test_an_unusable_answer_makes_the_catalogue_speak(text: str) -> None:
    found = suggest(NETWORK, ALLOWED, ScriptedModel(text), Redactor())
    assert (found.remedy, found.origin) == (ALLOWED[0].id, "catalogue")
    assert found.reason


def test_without_a_model_the_catalogue_speaks() -> None:
    found = suggest(NETWORK, ALLOWED, None, Redactor())
    assert (found.remedy, found.origin) == ("retry_build", "catalogue")
    assert "model" in found.reason
    assert NETWORK.summary in found.explanation
    assert WHAT_TO_DO[Cause.NETWORK] in found.explanation
    assert "(retry_build)" in found.explanation


def test_errors_are_redacted_too() -> None:
    found = suggest(NETWORK, ALLOWED, Failing(NoSuggestion("password=hunter2hunter2 in echo")), Redactor())
    assert "hunter2" not in found.reason


def test_a_suspected_cache_is_spoken_of() -> None:
    cached = Diagnosis(
        Cause.INFRA_FLAKE, True, 0.9, "signature:x", "ab", "Broken wheel", suspect=Suspect.CACHE
    )
    found = suggest(cached, applicable(cached, catalogue()), None, Redactor())
    assert found.remedy == "retry_build_clean"
    assert "cache" in found.explanation


def test_nothing_is_claimed_about_the_cause_of_an_odd_number() -> None:
    odd = Diagnosis(Cause.UNKNOWN, None, 1.0, "score", "ab", "BUILD phase took 41 s, 4.1x its median of 10 s")
    found = suggest(odd, applicable(odd, catalogue()), None, Redactor())
    assert found.remedy == "notify"
    assert found.explanation.startswith("BUILD phase took 41 s, 4.1x its median of 10 s. ")
    assert WHAT_TO_DO[Cause.UNKNOWN] not in found.explanation


def test_every_cause_has_advice() -> None:
    assert set(WHAT_TO_DO) == set(Cause)


def test_there_must_be_something_to_choose_from() -> None:
    with pytest.raises(InvalidEvent, match="allowed"):
        suggest(NETWORK, [], None, Redactor())
