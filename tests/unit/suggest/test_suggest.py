"""Suggestion: the model's word where it is usable, the catalogue's otherwise."""

import json

import pytest

from selfheal.diagnose.redact import Redactor
from selfheal.domain.choice import applicable
from selfheal.domain.conversation import ModelReply, Question, Reservation, TokenLimits, Usage
from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine, Suggestion, Suspect
from selfheal.domain.errors import (
    InvalidEvent,
    NoSuggestion,
    RequestRejected,
    SelfhealError,
    ServiceUnavailable,
    Throttled,
)
from selfheal.ports import Meter, Model, TokenBudget
from selfheal.remedies.registry import catalogue
from selfheal.suggest.advice import ADVICE, HARMS_USERS, ODD_BUT_PASSED
from selfheal.suggest.prompt import VERSION
from selfheal.suggest.suggest import Suggester, random_nonce
from selfheal.testing.memory import MemoryTokenBudget, ScriptedModel

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

    def ask(self, question: Question, meter: Meter) -> ModelReply:
        raise self._error


def suggest(
    diagnosis: Diagnosis, model: Model | None, budget: TokenBudget | None = None, nonce: str = "feedface"
) -> Suggestion:
    suggester = Suggester(model, budget or MemoryTokenBudget(), Redactor(), lambda: nonce)
    return suggester.suggest("incident-1", diagnosis, applicable(diagnosis, catalogue()))


def answer(**changes: object) -> str:
    good = {
        "remedy": "retry_build",
        "explanation": "The network dropped out.",
        "quotes": ["connect to host git"],
    }
    return json.dumps({**good, **changes})


def test_a_usable_answer_becomes_the_suggestion() -> None:
    found = suggest(NETWORK, ScriptedModel(answer(quotes=["connect to host git", "never said"])))
    assert (found.remedy, found.explanation) == ("retry_build", "The network dropped out.")
    assert (found.origin, found.reason) == ("global.amazon.nova-2-lite-v1:0", "")
    assert (found.quotes, found.quotes_dropped) == (("connect to host git",), 1)


def test_a_suggestion_says_what_it_cost_and_with_which_prompt() -> None:
    found = suggest(NETWORK, ScriptedModel(answer()))
    assert (found.input_tokens, found.output_tokens, found.prompt) == (100, 10, VERSION)
    assert found.cost_usd == pytest.approx((100 * 0.30 + 10 * 2.50) / 1_000_000)


def test_an_answer_that_cannot_be_used_has_its_price_too() -> None:
    found = suggest(NETWORK, ScriptedModel("no json"))
    assert found.origin == "catalogue"
    assert (found.input_tokens, found.output_tokens, found.prompt) == (100, 10, VERSION)
    assert found.cost_usd


def test_a_model_without_a_known_price_has_an_unknown_cost_and_not_none() -> None:
    assert suggest(NETWORK, ScriptedModel(answer(), "someone.new-model")).cost_usd is None


def test_the_evidence_is_marked_with_the_nonce_of_this_call() -> None:
    model = ScriptedModel(answer())
    suggest(NETWORK, model)
    [question] = model.asked
    assert question.evidence.startswith("<evidence feedface>\n")
    assert "feedface" not in question.instructions
    assert question.incident_id == "incident-1"


def test_a_model_may_choose_among_the_remedies_that_fit_and_no_others() -> None:
    model = ScriptedModel(answer())
    suggest(NETWORK, model)
    properties = model.asked[0].schema["properties"]
    assert isinstance(properties, dict)
    assert properties["remedy"]["enum"] == [remedy.id for remedy in ALLOWED]


def test_nothing_secret_goes_to_the_model_whatever_the_diagnosis_holds() -> None:
    leaking = "password=hunter2hunter2"
    diagnosis = Diagnosis(
        Cause.NETWORK, True, 0.9, "x", "f", leaking, (EvidenceLine(4, leaking),), test=leaking
    )
    model = ScriptedModel(answer())
    suggest(diagnosis, model)
    assert "hunter2" not in model.asked[0].evidence
    assert "password" in model.asked[0].evidence


def test_nonces_are_long_and_differ() -> None:
    assert len({random_nonce() for _ in range(50)}) == 50
    assert len(random_nonce()) == 32


@pytest.mark.parametrize(
    "error",
    [NoSuggestion("cut off"), Throttled("slow down"), ServiceUnavailable("gone"), RequestRejected("denied")],
)
def test_without_an_answer_the_catalogue_speaks_and_says_why(error: SelfhealError) -> None:
    found = suggest(NETWORK, Failing(error))
    assert (found.remedy, found.origin, found.reason) == (ALLOWED[0].id, "catalogue", str(error))


@pytest.mark.parametrize("text", ["", "no json", answer(remedy="roll_back_stage"), answer(explanation="")])
def test_an_unusable_answer_makes_the_catalogue_speak(text: str) -> None:
    found = suggest(NETWORK, ScriptedModel(text))
    assert (found.remedy, found.origin) == (ALLOWED[0].id, "catalogue")
    assert found.reason


def test_without_tokens_no_model_is_asked_and_the_catalogue_speaks() -> None:
    model = ScriptedModel(answer())
    found = suggest(NETWORK, model, MemoryTokenBudget(TokenLimits(per_incident=999, per_day=10_000)))
    assert (found.origin, model.asked) == ("catalogue", [])
    assert "no 1000 tokens are left" in found.reason


class Unreachable(MemoryTokenBudget):
    """A budget that cannot be charged, or only charged."""

    def __init__(self, *, charges: bool) -> None:
        super().__init__()
        self._charges = charges

    def reserve(self, incident_id: str, tokens: int) -> Reservation:
        if not self._charges:
            raise ServiceUnavailable("dynamodb:UpdateItem: ConnectTimeoutError")
        return super().reserve(incident_id, tokens)

    def give_back(self, reservation: Reservation, tokens: int) -> None:
        raise Throttled("dynamodb:UpdateItem: ThrottlingException")


def test_a_budget_that_does_not_answer_is_closed() -> None:
    model = ScriptedModel(answer())
    found = suggest(NETWORK, model, Unreachable(charges=False))
    assert (found.origin, model.asked) == ("catalogue", [])


def test_an_answer_is_not_lost_because_its_tokens_could_not_be_given_back() -> None:
    budget = Unreachable(charges=True)
    assert suggest(NETWORK, ScriptedModel(answer()), budget).origin != "catalogue"
    assert budget.spent["day"] == 1000


def test_without_a_model_the_catalogue_speaks() -> None:
    found = suggest(NETWORK, None)
    assert (found.remedy, found.origin, found.prompt) == ("retry_build", "catalogue", "")
    assert (found.input_tokens, found.cost_usd) == (0, 0.0)
    assert "model" in found.reason


def test_the_catalogue_explains_shows_the_proof_and_says_what_to_do_and_what_it_proposes() -> None:
    found = suggest(NETWORK, None)
    advice = ADVICE[Cause.NETWORK]
    assert found.explanation == (
        f"{advice.means} See line 4 of the log. {advice.do} "
        "Selfheal proposes to build the same commit again, unchanged (retry_build)."
    )
    assert found.quotes == (NETWORK.evidence[0].text,)


def test_the_catalogue_does_not_repeat_the_finding() -> None:
    assert NETWORK.summary not in suggest(NETWORK, None).explanation


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([], "There is no log line to show for it."),
        ([0], "AWS itself says so, apart from the log."),
        ([7], "See line 7 of the log."),
        ([0, 7, 9, 12, 40], "See lines 7, 9 and 12 of the log."),
    ],
)
def test_the_proof_is_pointed_at(numbers: list[int], words: str) -> None:
    evidence = tuple(EvidenceLine(number, f"text {number}") for number in numbers)
    diagnosis = Diagnosis(Cause.OOM, False, 0.9, "service", "f", "killed", evidence)
    assert words in suggest(diagnosis, None).explanation


def test_errors_are_redacted_too() -> None:
    found = suggest(NETWORK, Failing(NoSuggestion("password=hunter2hunter2 in echo")))
    assert "hunter2" not in found.reason


def test_a_suspected_cache_is_spoken_of() -> None:
    cached = Diagnosis(
        Cause.INFRA_FLAKE, True, 0.9, "signature:x", "ab", "Broken wheel", suspect=Suspect.CACHE
    )
    found = suggest(cached, None)
    assert found.remedy == "retry_build_clean"
    assert "cache" in found.explanation


def test_nothing_is_claimed_about_the_cause_of_an_odd_number() -> None:
    odd = Diagnosis(Cause.UNKNOWN, None, 1.0, "score", "ab", "BUILD phase took 41 s, 4.1x its median of 10 s")
    found = suggest(odd, None)
    assert found.remedy == "notify"
    assert found.explanation.startswith(ODD_BUT_PASSED.means)
    assert ADVICE[Cause.UNKNOWN].means not in found.explanation


def test_harm_is_explained_by_the_alarm_and_not_as_a_failed_deployment() -> None:
    harm = Diagnosis(Cause.DEPLOY_FAILURE, None, 0.9, "alarm", "ab", "shop-5xx went off")
    found = suggest(harm, None)
    assert found.explanation.startswith(HARMS_USERS.means)
    assert ADVICE[Cause.DEPLOY_FAILURE].means not in found.explanation


def test_every_cause_has_advice_of_its_own() -> None:
    assert set(ADVICE) == set(Cause)
    assert len({advice.means for advice in ADVICE.values()} | {a.do for a in ADVICE.values()}) == 2 * len(
        Cause
    )


@pytest.mark.parametrize("cause", Cause)
def test_advice_reads_as_sentences_in_a_notification(cause: Cause) -> None:
    for text in (ADVICE[cause].means, ADVICE[cause].do):
        assert text[0].isupper() and text.endswith(".") and "  " not in text and "\n" not in text


def test_there_must_be_something_to_choose_from() -> None:
    with pytest.raises(InvalidEvent, match="allowed"):
        Suggester(None, MemoryTokenBudget(), Redactor()).suggest("incident-1", NETWORK, [])


def test_tokens_of_several_calls_add_up() -> None:
    class AsksTwice(ScriptedModel):
        def ask(self, question: Question, meter: Meter) -> ModelReply:
            meter.settle(meter.reserve(500), Usage("global.anthropic.claude-haiku-5-5", 200, 20))
            return super().ask(question, meter)

    found = suggest(NETWORK, AsksTwice(answer()))
    assert (found.input_tokens, found.output_tokens) == (300, 30)
    first, second = 200 * 0.10 + 20 * 0.50, 100 * 0.30 + 10 * 2.50
    assert found.cost_usd == pytest.approx((first + second) / 1_000_000)
