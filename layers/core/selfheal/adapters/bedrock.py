"""Bedrock: the Model port over Converse. Which model is asked, in which mode, how often and for how long."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from selfheal.adapters.calls import Client, Json, error_code
from selfheal.adapters.converse import (
    Guardrail,
    NoAnswerError,
    answer_of,
    most_tokens,
    request_of,
    usage_of,
)
from selfheal.domain.conversation import ModelReply, Question
from selfheal.domain.errors import NoSuggestion, Throttled
from selfheal.ports import Meter
from selfheal.suggest.models import TOOL_MODES, Mode, modes

# The longest one call can take (the client's patience), and all calls for one question together.
CALL_SECONDS = 60.0
ASK_SECONDS = 140.0

_THROTTLED = frozenset({"ThrottlingException", "ModelNotReadyException"})
# The SDK's own retries leave these two out (HTTP 408 and 424).
_ONCE_MORE = frozenset({"ModelTimeoutException", "ModelErrorException"})
# Refused before any model saw the request.
_COST_NOTHING = _THROTTLED | {"AccessDeniedException", "ResourceNotFoundException", "ValidationException"}


@dataclass(frozen=True, slots=True)
class _Asking:
    """One question on its way: what is asked, who counts the tokens, and when there is no time for a call more."""

    question: Question
    meter: Meter
    last_start: float


class BedrockModel:
    """Model over the models given, first one first. Needs bedrock:InvokeModel on each.

    With a guardrail it needs bedrock:ApplyGuardrail too, and no tool is used: guardrails do not look at the
    arguments of a tool call. A mode that a model refuses is not tried again on this client's life.
    """

    def __init__(
        self,
        client: Client,
        model_ids: Sequence[str],
        guardrail: Guardrail | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._model_ids = tuple(model_ids)
        self._guardrail = guardrail
        self._seconds = seconds
        self._refused: set[tuple[str, Mode]] = set()

    def ask(self, question: Question, meter: Meter) -> ModelReply:
        """Model. Raises Throttled when throttling alone stood in the way, NoSuggestion for all else."""
        asking = _Asking(question, meter, self._seconds() + ASK_SECONDS - CALL_SECONDS)
        failures: list[NoAnswerError] = []
        for model_id in self._model_ids:
            try:
                return ModelReply(self._ask(model_id, asking), model_id)
            except NoAnswerError as failure:
                failures.append(failure)
                if failure.final:
                    break
        reasons = "; ".join(map(str, failures)) or "no model id is given"
        if failures and all(failure.code in _THROTTLED for failure in failures):
            raise Throttled(reasons)
        raise NoSuggestion(reasons)

    def _ask(self, model_id: str, asking: _Asking) -> str:
        """The answer of one model, in the strictest mode it takes. Raises NoAnswerError."""
        for mode in self._modes(model_id):
            request = request_of(model_id, mode, asking.question, self._guardrail)
            try:
                return answer_of(model_id, self._converse(request, asking))
            except NoAnswerError as failure:
                if failure.code != "ValidationException":
                    raise
                self._refused.add((model_id, mode))
        raise NoAnswerError(model_id, "ValidationException")

    def _modes(self, model_id: str) -> list[Mode]:
        unfit = TOOL_MODES if self._guardrail else frozenset[Mode]()
        if not self._takes_output_config():
            unfit |= {Mode.JSON_SCHEMA}
        return [m for m in modes(model_id) if m not in unfit and (model_id, m) not in self._refused]

    def _takes_output_config(self) -> bool:
        shape = self._client.meta.service_model.operation_model("Converse").input_shape
        return "outputConfig" in shape.members

    def _converse(self, request: Json, asking: _Asking, tries: int = 2) -> Json:
        """One call, charged before it is made and settled after; once more where only we would retry."""
        model_id = str(request["modelId"])
        if self._seconds() > asking.last_start:
            raise NoAnswerError(model_id, "there was no time left to ask it")
        reservation = asking.meter.reserve(most_tokens(request))
        try:
            reply: Json = self._client.converse(**request)
        except ClientError as error:
            code = error_code(error)
            if code in _COST_NOTHING:
                asking.meter.settle(reservation, None)
            if code in _ONCE_MORE and tries > 1:
                return self._converse(request, asking, tries - 1)
            raise NoAnswerError(model_id, code) from None
        except BotoCoreError as error:
            raise NoAnswerError(model_id, type(error).__name__) from None
        asking.meter.settle(reservation, usage_of(model_id, reply))
        return reply
