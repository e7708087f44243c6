"""SuggestRemedy: asks Bedrock for an explanation and a proposal. The only function that may call a model."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.suggest_remedy import SuggestRequest, suggest_remedy
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """A SuggestRequest in; the Suggestion out."""
    request = decode(SuggestRequest, event)
    return encode(suggest_remedy(request, model=runtime.model, budget=runtime.token_budget))
