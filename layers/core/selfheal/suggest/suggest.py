"""Suggestion: a model's explanation and choice where one can be had, the catalogue's otherwise."""

import secrets
from collections.abc import Callable, Sequence

from selfheal.domain.diagnosis import Diagnosis, Suggestion
from selfheal.domain.errors import InvalidEvent, NoSuggestion, RequestRejected, ServiceUnavailable, Throttled
from selfheal.domain.remedy import Remedy
from selfheal.ports import Model
from selfheal.suggest.catalogue import explain
from selfheal.suggest.prompt import INSTRUCTIONS, evidence_block
from selfheal.suggest.reply import Redacts, plain_text, read_reply
from selfheal.suggest.schema import reply_schema

CATALOGUE = "catalogue"
NO_MODEL = "no model is set up for this stack"


def random_nonce() -> str:
    """A mark nobody can guess (128 bits), for one evidence block."""
    return secrets.token_hex(16)


def suggest(
    diagnosis: Diagnosis,
    allowed: Sequence[Remedy],
    model: Model | None,
    redactor: Redacts,
    new_nonce: Callable[[], str] = random_nonce,
) -> Suggestion:
    """What to do about the diagnosis; ``allowed`` are the remedies that fit it, best first.

    A model that is missing, refuses or answers nonsense stops no incident: the catalogue speaks and says why.
    Raises InvalidEvent when ``allowed`` is empty.
    """
    if not allowed:
        raise InvalidEvent("allowed", "must hold at least one remedy; notify fits every diagnosis")
    if model is None:
        return _from_catalogue(diagnosis, allowed[0], NO_MODEL)
    try:
        return _from_model(diagnosis, allowed, model, redactor, new_nonce())
    except (NoSuggestion, Throttled, ServiceUnavailable, RequestRejected) as error:
        return _from_catalogue(diagnosis, allowed[0], plain_text(str(error), redactor))


def _from_model(
    diagnosis: Diagnosis, allowed: Sequence[Remedy], model: Model, redactor: Redacts, nonce: str
) -> Suggestion:
    ids = [remedy.id for remedy in allowed]
    answer = model.ask(INSTRUCTIONS, evidence_block(diagnosis, allowed, nonce), reply_schema(ids))
    reply = read_reply(answer.text, ids, [line.text for line in diagnosis.evidence], redactor)
    return Suggestion(
        remedy=reply.remedy,
        explanation=reply.explanation,
        origin=answer.model_id,
        quotes=reply.quotes,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
    )


def _from_catalogue(diagnosis: Diagnosis, remedy: Remedy, reason: str) -> Suggestion:
    return Suggestion(remedy.id, explain(diagnosis, remedy), CATALOGUE, reason)
