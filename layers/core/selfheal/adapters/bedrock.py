"""Bedrock: the Model port over Converse.

What models accept differs and changes within months, so it stands in one table. A mode that a model refuses
is not tried again on this client's life. No sampling parameters are sent: newer models refuse them.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from selfheal.adapters.calls import Client, Json, error_code
from selfheal.domain.errors import NoSuggestion, Throttled
from selfheal.ports import ModelReply

MAX_TOKENS = 800
TOOL = "suggest_remedy"


class Mode(StrEnum):
    """How a model is made to answer in JSON, strictest first."""

    JSON_SCHEMA = "json_schema"
    FORCED_TOOL = "forced_tool"
    AUTO_TOOL = "auto_tool"
    PLAIN = "plain"


# First prefix that fits the model id without its geography. Structured output where AWS documents it; no
# forced tool where thinking cannot be switched off.
CAPABILITIES: tuple[tuple[str, tuple[Mode, ...]], ...] = (
    ("anthropic.claude-haiku-4-5", (Mode.JSON_SCHEMA, Mode.FORCED_TOOL, Mode.PLAIN)),
    ("anthropic.claude-sonnet-4-5", (Mode.JSON_SCHEMA, Mode.FORCED_TOOL, Mode.PLAIN)),
    ("anthropic.claude-sonnet-4-6", (Mode.JSON_SCHEMA, Mode.FORCED_TOOL, Mode.PLAIN)),
    ("anthropic.claude-opus-4-5", (Mode.JSON_SCHEMA, Mode.FORCED_TOOL, Mode.PLAIN)),
    ("anthropic.claude-opus-4-6", (Mode.JSON_SCHEMA, Mode.FORCED_TOOL, Mode.PLAIN)),
    ("anthropic.claude-sonnet-5", (Mode.AUTO_TOOL, Mode.PLAIN)),
    ("anthropic.claude-opus-5", (Mode.AUTO_TOOL, Mode.PLAIN)),
    ("anthropic.", (Mode.FORCED_TOOL, Mode.AUTO_TOOL, Mode.PLAIN)),
    ("amazon.nova", (Mode.FORCED_TOOL, Mode.AUTO_TOOL, Mode.PLAIN)),
    ("openai.gpt-oss", (Mode.AUTO_TOOL, Mode.PLAIN)),
    ("", (Mode.FORCED_TOOL, Mode.AUTO_TOOL, Mode.PLAIN)),
)
_GEOGRAPHIES = ("global.", "us.", "us-gov.", "eu.", "apac.", "au.", "jp.", "ca.")
_ANSWERED = frozenset({"end_turn", "tool_use", "stop_sequence"})
# Another model must not be used to get past a refusal.
_REFUSED = frozenset({"guardrail_intervened", "content_filtered"})
_THROTTLED = frozenset({"ThrottlingException", "ModelNotReadyException"})
# The SDK's own retries leave these two out (HTTP 408 and 424).
_ONCE_MORE = frozenset({"ModelTimeoutException", "ModelErrorException"})
_WHY = {
    "AccessDeniedException": "access to the model is denied (role, model access or region)",
    "ResourceNotFoundException": "there is no such model here",
    "ValidationException": "the model refused every form of the request",
    "ThrottlingException": "the model is throttled",
    "ModelNotReadyException": "the model is not ready",
    "ModelTimeoutException": "the model took too long",
    "ModelErrorException": "the model failed",
    "InternalServerException": "Bedrock failed",
    "ServiceUnavailableException": "Bedrock is unavailable",
    "max_tokens": "the answer was cut off",
    "guardrail_intervened": "a guardrail stopped the answer",
    "content_filtered": "the answer was filtered",
    "malformed_model_output": "the answer was malformed",
    "malformed_tool_use": "the answer was malformed",
    "model_context_window_exceeded": "the evidence is too long for the model",
}


class BedrockModel:
    """Model over the models given, first one first. Needs bedrock:InvokeModel on each."""

    def __init__(self, client: Client, model_ids: Sequence[str]) -> None:
        self._client = client
        self._model_ids = tuple(model_ids)
        self._refused: set[tuple[str, Mode]] = set()

    def ask(self, instructions: str, evidence: str, schema: Mapping[str, object]) -> ModelReply:
        """Model. Raises Throttled when throttling alone stood in the way, NoSuggestion for all else."""
        failures: list[NoAnswerError] = []
        for model_id in self._model_ids:
            try:
                return self._ask(model_id, instructions, evidence, schema)
            except NoAnswerError as failure:
                failures.append(failure)
                if failure.code in _REFUSED:
                    break
        reasons = "; ".join(map(str, failures)) or "no model id is given"
        if failures and all(failure.code in _THROTTLED for failure in failures):
            raise Throttled(reasons)
        raise NoSuggestion(reasons)

    def _ask(self, model_id: str, instructions: str, evidence: str, schema: Json) -> ModelReply:
        """One model, in the strictest mode it takes. Raises NoAnswerError."""
        for mode in self._modes(model_id):
            request = _request(model_id, mode, instructions, evidence, schema)
            try:
                reply = self._converse(model_id, request)
            except NoAnswerError as failure:
                if failure.code != "ValidationException":
                    raise
                self._refused.add((model_id, mode))
                continue
            return _read(model_id, reply)
        raise NoAnswerError(model_id, "ValidationException")

    def _modes(self, model_id: str) -> list[Mode]:
        known = [mode for mode in modes(model_id) if (model_id, mode) not in self._refused]
        return [mode for mode in known if mode is not Mode.JSON_SCHEMA or self._takes_output_config()]

    def _takes_output_config(self) -> bool:
        shape = self._client.meta.service_model.operation_model("Converse").input_shape
        return "outputConfig" in shape.members

    def _converse(self, model_id: str, request: Json, tries: int = 2) -> Json:
        try:
            reply: Json = self._client.converse(**request)
        except ClientError as error:
            code = error_code(error)
            if code in _ONCE_MORE and tries > 1:
                return self._converse(model_id, request, tries - 1)
            raise NoAnswerError(model_id, code) from None
        except BotoCoreError as error:
            raise NoAnswerError(model_id, type(error).__name__) from None
        return reply


class NoAnswerError(Exception):
    """One model gave no usable answer; ``code`` is the error's name or the stop reason."""

    def __init__(self, model_id: str, code: str) -> None:
        super().__init__(f"{model_id}: {_WHY.get(code, code or 'unknown error')}")
        self.code = code


def modes(model_id: str) -> tuple[Mode, ...]:
    """The modes a model takes, strictest first. Inference profiles count as the model they lead to."""
    name = model_id.rpartition("/")[2]
    geography = next((prefix for prefix in _GEOGRAPHIES if name.startswith(prefix)), "")
    name = name.removeprefix(geography)
    return next(accepted for prefix, accepted in CAPABILITIES if name.startswith(prefix))


def _request(model_id: str, mode: Mode, instructions: str, evidence: str, schema: Json) -> dict[str, Any]:
    request: dict[str, Any] = {
        "modelId": model_id,
        "system": [{"text": instructions + _extra(mode, schema)}],
        "messages": [{"role": "user", "content": [{"text": evidence}]}],
        "inferenceConfig": {"maxTokens": MAX_TOKENS},
    }
    if mode is Mode.JSON_SCHEMA:
        structure = {"jsonSchema": {"name": TOOL, "schema": json.dumps(schema)}}
        request["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
    if mode in (Mode.FORCED_TOOL, Mode.AUTO_TOOL):
        tool = {"name": TOOL, "description": "Hands in the answer.", "inputSchema": {"json": schema}}
        choice: Json = {"tool": {"name": TOOL}} if mode is Mode.FORCED_TOOL else {"auto": {}}
        request["toolConfig"] = {"tools": [{"toolSpec": tool}], "toolChoice": choice}
    return request


def _extra(mode: Mode, schema: Json) -> str:
    if mode is Mode.AUTO_TOOL:
        return f"\nHand in your answer by calling the tool {TOOL}.\n"
    if mode is Mode.PLAIN:
        return f"\nAnswer with the JSON object alone. Its schema: {json.dumps(schema)}\n"
    return ""


def _read(model_id: str, reply: Json) -> ModelReply:
    """The first text or tool call of the answer; reasoning before it is skipped. Raises NoAnswerError."""
    stop = str(reply.get("stopReason", ""))
    if stop not in _ANSWERED:
        raise NoAnswerError(model_id, stop)
    usage = reply.get("usage", {})
    return ModelReply(
        text=_first_answer(model_id, reply),
        model_id=model_id,
        input_tokens=int(usage.get("inputTokens", 0)),
        output_tokens=int(usage.get("outputTokens", 0)),
    )


def _first_answer(model_id: str, reply: Json) -> str:
    blocks = reply.get("output", {}).get("message", {}).get("content", [])
    tool_call = next((block["toolUse"] for block in blocks if "toolUse" in block), None)
    if tool_call is not None:
        return json.dumps(tool_call["input"])
    text = next((str(block["text"]) for block in blocks if "text" in block), "")
    if not text.strip():
        raise NoAnswerError(model_id, "an answer without text")
    return _without_fence(text)


def _without_fence(text: str) -> str:
    """JSON out of a Markdown code fence, which models like to put around it."""
    lines = text.strip().split("\n")
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text.strip()
