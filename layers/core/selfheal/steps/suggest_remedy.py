"""suggest_remedy: ask Bedrock, or the catalogue in its place, for an explanation and a remedy."""

from dataclasses import dataclass

from selfheal.diagnose.redact import Redactor
from selfheal.domain.choice import applicable
from selfheal.domain.diagnosis import Diagnosis, Suggestion
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import PipelineKey
from selfheal.ports import Model, TokenBudget
from selfheal.remedies.registry import catalogue
from selfheal.suggest.suggest import Suggester


@dataclass(frozen=True, slots=True)
class SuggestRequest:
    """What SuggestRemedy is given: the redacted diagnosis and nothing that names a resource to act on."""

    incident_id: str
    pipeline: PipelineKey
    kind: IncidentKind
    diagnosis: Diagnosis


def suggest_remedy(request: SuggestRequest, *, model: Model | None, budget: TokenBudget) -> Suggestion:
    """A suggestion for one diagnosis; never fails for want of a model or of tokens (the catalogue speaks then)."""
    allowed = applicable(request.diagnosis, catalogue(), request.pipeline.service, request.kind)
    return Suggester(model, budget, Redactor(())).suggest(request.incident_id, request.diagnosis, allowed)
