"""The wire of Bedrock Converse: a question as a request, a reply as an answer and its usage.

No sampling parameters are sent: newer models refuse them.
"""

import json
from dataclasses import dataclass
from typing import Any

from selfheal.adapters.calls import Json
from selfheal.domain.conversation import Question, Usage
from selfheal.suggest.models import TOOL_MODES, Mode, answer_tokens, told_not_to_think

TOOL = "suggest_remedy"
# What a service puts around a request on its own: message frames, and words about the tool.
OVERHEAD_TOKENS = 1000

_ANSWERED = frozenset({"end_turn", "tool_use", "stop_sequence"})
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


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A Bedrock guardrail that looks at the evidence and at the answer."""

    id: str
    version: str


class NoAnswerError(Exception):
    """One model gave no usable answer. ``code`` is the error's name or the stop reason.

    ``final``: it did answer, only not usably. No other model is asked then: none shall be used to get past a
    guardrail or a filter, and a second answer would cost as much as the first.
    """

    def __init__(self, model_id: str, code: str, *, final: bool = False) -> None:
        super().__init__(f"{model_id}: {_WHY.get(code, code or 'unknown error')}")
        self.code = code
        self.final = final


def request_of(
    model_id: str, mode: Mode, question: Question, guardrail: Guardrail | None = None
) -> dict[str, Any]:
    """The arguments of Converse that ask one model in one mode."""
    request: dict[str, Any] = {
        "modelId": model_id,
        "system": [{"text": question.instructions + _extra(mode, question.schema)}],
        "messages": [{"role": "user", "content": [_evidence(question.evidence, guardrail)]}],
        "inferenceConfig": {"maxTokens": answer_tokens(model_id, mode)},
        "requestMetadata": {"incident": question.incident_id, "prompt": question.prompt},
    }
    if mode is Mode.JSON_SCHEMA:
        structure = {"jsonSchema": {"name": TOOL, "schema": json.dumps(question.schema)}}
        request["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
    if mode in TOOL_MODES:
        tool = {"name": TOOL, "description": "Hands in the answer.", "inputSchema": {"json": question.schema}}
        choice: Json = {"tool": {"name": TOOL}} if mode is Mode.FORCED_TOOL else {"auto": {}}
        request["toolConfig"] = {"tools": [{"toolSpec": tool}], "toolChoice": choice}
    if told_not_to_think(model_id, mode):
        request["additionalModelRequestFields"] = {"thinking": {"type": "disabled"}}
    if guardrail:
        request["guardrailConfig"] = {
            "guardrailIdentifier": guardrail.id,
            "guardrailVersion": guardrail.version,
            "trace": "disabled",  # a trace quotes what it found
        }
    return request


def most_tokens(request: Json) -> int:
    """The most tokens a request can use: a token is at least one byte, and the answer is capped."""
    longest_answer: int = request["inferenceConfig"]["maxTokens"]
    return len(json.dumps(request).encode()) + OVERHEAD_TOKENS + longest_answer


def usage_of(model_id: str, reply: Json) -> Usage:
    """The tokens of a reply; what the service read from or wrote to its cache counts as input."""
    usage = reply.get("usage", {})
    counted = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    return Usage(model_id, sum(int(usage.get(k, 0)) for k in counted), int(usage.get("outputTokens", 0)))


def answer_of(model_id: str, reply: Json) -> str:
    """The JSON text of a reply: its tool call, else its first text; reasoning is skipped. Raises NoAnswerError."""
    stop = str(reply.get("stopReason", ""))
    if stop not in _ANSWERED:
        raise NoAnswerError(model_id, stop, final=True)
    blocks = reply.get("output", {}).get("message", {}).get("content", [])
    calls = [block["toolUse"] for block in blocks if "toolUse" in block]
    if calls:
        if calls[0].get("name") != TOOL:
            raise NoAnswerError(model_id, "malformed_tool_use", final=True)
        return json.dumps(calls[0]["input"])
    text = next((str(block["text"]) for block in blocks if "text" in block), "")
    if not text.strip():
        raise NoAnswerError(model_id, "an answer without text", final=True)
    return _without_fence(text)


def _extra(mode: Mode, schema: Json) -> str:
    if mode is Mode.AUTO_TOOL:
        return f"\nHand in your answer by calling the tool {TOOL}.\n"
    if mode is Mode.PLAIN:
        return f"\nAnswer with the JSON object alone. Its schema: {json.dumps(schema)}\n"
    return ""


def _evidence(text: str, guardrail: Guardrail | None) -> Json:
    """Marked as what to look at where there is a guardrail: it leaves our own instructions alone then."""
    return {"guardContent": {"text": {"text": text}}} if guardrail else {"text": text}


def _without_fence(text: str) -> str:
    """JSON out of a Markdown code fence, which models like to put around it."""
    lines = text.strip().split("\n")
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text.strip()
