"""Suggestion: a model's explanation and choice where one can be had, the catalogue's otherwise."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from selfheal.domain.conversation import Question
from selfheal.domain.diagnosis import Diagnosis, EvidenceLine, Suggestion
from selfheal.domain.errors import InvalidEvent, NoSuggestion, RequestRejected, ServiceUnavailable, Throttled
from selfheal.domain.remedy import Remedy
from selfheal.ports import Model, TokenBudget
from selfheal.suggest.catalogue import explain, proof
from selfheal.suggest.meter import IncidentMeter
from selfheal.suggest.prices import cost_usd
from selfheal.suggest.prompt import INSTRUCTIONS, VERSION, evidence_block
from selfheal.suggest.reply import Redacts, plain_text, read_reply
from selfheal.suggest.schema import reply_schema

CATALOGUE = "catalogue"
NO_MODEL = "no model is set up for this stack"


def random_nonce() -> str:
    """A mark nobody can guess (128 bits), for one evidence block."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Suggester:
    """Makes suggestions. ``model`` is None where the stack has none."""

    model: Model | None
    budget: TokenBudget
    redactor: Redacts
    new_nonce: Callable[[], str] = random_nonce

    def suggest(self, incident_id: str, diagnosis: Diagnosis, allowed: Sequence[Remedy]) -> Suggestion:
        """What to do about the diagnosis; ``allowed`` are the remedies that fit it, best first.

        A model that is missing, refuses, answers nonsense or may not be asked for want of tokens stops no
        incident: the catalogue speaks and says why. Raises InvalidEvent when ``allowed`` is empty.
        """
        if not allowed:
            raise InvalidEvent("allowed", "must hold at least one remedy; notify fits every diagnosis")
        if self.model is None:
            return _from_catalogue(diagnosis, allowed[0], NO_MODEL)
        meter = IncidentMeter(self.budget, incident_id)
        try:
            suggestion = self._ask(self.model, meter, diagnosis, allowed)
        except (NoSuggestion, Throttled, ServiceUnavailable, RequestRejected) as error:
            suggestion = _from_catalogue(diagnosis, allowed[0], plain_text(str(error), self.redactor))
        return replace(
            suggestion,
            prompt=VERSION,
            input_tokens=sum(usage.input_tokens for usage in meter.used),
            output_tokens=sum(usage.output_tokens for usage in meter.used),
            cost_usd=cost_usd(meter.used),
        )

    def _ask(
        self, model: Model, meter: IncidentMeter, diagnosis: Diagnosis, allowed: Sequence[Remedy]
    ) -> Suggestion:
        ids = [remedy.id for remedy in allowed]
        shown = _redacted(diagnosis, self.redactor)
        evidence = evidence_block(shown, allowed, self.new_nonce())
        question = Question(meter.incident_id, VERSION, INSTRUCTIONS, evidence, reply_schema(ids))
        answer = model.ask(question, meter)
        reply = read_reply(answer.text, ids, [line.text for line in shown.evidence], self.redactor)
        return Suggestion(
            remedy=reply.remedy,
            explanation=reply.explanation,
            origin=answer.model_id,
            quotes=reply.quotes,
            quotes_dropped=reply.quotes_dropped,
        )


def _redacted(diagnosis: Diagnosis, redactor: Redacts) -> Diagnosis:
    """Once more, right before it leaves for the model: whatever made this diagnosis, nothing secret goes out."""
    return replace(
        diagnosis,
        summary=redactor.redact(diagnosis.summary),
        test=redactor.redact(diagnosis.test),
        evidence=tuple(EvidenceLine(line.line, redactor.redact(line.text)) for line in diagnosis.evidence),
    )


def _from_catalogue(diagnosis: Diagnosis, remedy: Remedy, reason: str) -> Suggestion:
    return Suggestion(remedy.id, explain(diagnosis, remedy), CATALOGUE, reason, proof(diagnosis))
