"""suggest_remedy: a model may explain and choose among what fits; without one the catalogue speaks."""

import json

from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine, Suggestion
from selfheal.domain.incident import IncidentKind
from selfheal.steps.suggest_remedy import SuggestRequest, suggest_remedy
from selfheal.testing.builders import SHOP
from selfheal.testing.memory import MemoryTokenBudget, ScriptedModel

LINE = "npm ERR! code ECONNRESET"
DIAGNOSIS = Diagnosis(
    Cause.NETWORK, True, 0.9, "signature:x", "f", "the network failed", (EvidenceLine(3, LINE),)
)


def suggested(model: ScriptedModel | None) -> Suggestion:
    request = SuggestRequest("incident", SHOP, IncidentKind.FAILED, DIAGNOSIS)
    return suggest_remedy(request, model=model, budget=MemoryTokenBudget())


def reply(remedy: str) -> str:
    return json.dumps(
        {"remedy": remedy, "explanation": "The registry hung up.", "quotes": [LINE, "never said"]}
    )


def test_a_models_reply_is_taken_and_its_invented_quote_dropped() -> None:
    suggestion = suggested(ScriptedModel(reply("retry_build")))
    assert (suggestion.remedy, suggestion.origin) == ("retry_build", "global.amazon.nova-2-lite-v1:0")
    assert (suggestion.quotes, suggestion.quotes_dropped) == ((LINE,), 1)
    assert (suggestion.input_tokens, suggestion.output_tokens) == (100, 10)


def test_a_remedy_that_does_not_fit_is_no_suggestion() -> None:
    for remedy in ("retry_build_clean", "rm_rf", "RETRY_BUILD", ""):
        suggestion = suggested(ScriptedModel(reply(remedy)))
        assert suggestion.origin == "catalogue" and suggestion.reason


def test_the_catalogue_speaks_without_a_model_and_when_the_model_does_not_answer() -> None:
    for model in (None, ScriptedModel("")):
        suggestion = suggested(model)
        assert (suggestion.remedy, suggestion.origin) == ("retry_build", "catalogue")
        assert len(suggestion.explanation) > 40
