"""The Bedrock adapter against botocore's own service model: every error, odd stop reasons, modes."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import ANY, Stubber

from selfheal.adapters.bedrock import ASK_SECONDS, CALL_SECONDS, BedrockModel
from selfheal.adapters.converse import Guardrail, request_of
from selfheal.domain.conversation import ModelReply, Question, TokenLimits
from selfheal.domain.errors import NoSuggestion, Throttled, TokensSpent
from selfheal.suggest.meter import IncidentMeter
from selfheal.suggest.models import ANSWER_TOKENS, THOUGHTFUL_ANSWER_TOKENS, Mode, modes
from selfheal.testing.memory import MemoryTokenBudget

FORCED = "global.amazon.nova-2-lite-v1:0"
SECOND = "global.anthropic.claude-haiku-5-5"
STRUCTURED = "eu.anthropic.claude-sonnet-4-6"
ANSWER = {"remedy": "notify", "explanation": "x", "quotes": []}
SCHEMA = {"type": "object", "properties": {"remedy": {"type": "string"}}}
QUESTION = Question("incident-1", "1-abc", "instructions", "evidence", SCHEMA)
TOOL_USE = {"toolUse": {"toolUseId": "t1", "name": "suggest_remedy", "input": ANSWER}}
ONCE_MORE = [("ModelTimeoutException", 408), ("ModelErrorException", 424)]
LASTING = [
    ("AccessDeniedException", 403),
    ("ResourceNotFoundException", 404),
    ("InternalServerException", 500),
    ("ServiceUnavailableException", 503),
]
THROTTLED = [("ThrottlingException", 429), ("ModelNotReadyException", 429)]


class Bedrock:
    """A client of which every call is scripted; ``asked`` are the models that were called, scripted or not."""

    def __init__(self, client: Any, stub: Stubber) -> None:
        self.client, self.stub = client, stub
        self.asked: list[str] = []
        client.meta.events.register("provide-client-params.bedrock-runtime.Converse", self._note)
        self.budget = MemoryTokenBudget()
        self.meter = IncidentMeter(self.budget, "incident-1")

    def _note(self, params: dict[str, Any], **_: object) -> None:
        self.asked.append(params["modelId"])

    def answers(self, *content: dict[str, Any], stop: str = "tool_use", **expected: object) -> None:
        reply = {
            "output": {"message": {"role": "assistant", "content": list(content)}},
            "stopReason": stop,
            "usage": {"inputTokens": 900, "outputTokens": 80, "totalTokens": 980},
            "metrics": {"latencyMs": 5},
        }
        self.stub.add_response("converse", reply, _any_request(expected))

    def fails(self, code: str, status: int, **expected: object) -> None:
        self.stub.add_client_error(
            "converse", code, "as AWS says", status, expected_params=_any_request(expected)
        )

    def ask(self, *model_ids: str, guardrail: Guardrail | None = None) -> ModelReply:
        return BedrockModel(self.client, model_ids, guardrail).ask(QUESTION, self.meter)


def _any_request(expected: dict[str, object]) -> dict[str, object] | None:
    if not expected:
        return None
    usual = ("modelId", "system", "messages", "inferenceConfig", "requestMetadata")
    return {**dict.fromkeys(usual, ANY), **expected}


@pytest.fixture
def bedrock(scripted: Callable[[str], tuple[Any, Stubber]]) -> Bedrock:
    return Bedrock(*scripted("bedrock-runtime"))


def test_a_forced_tool_call_is_the_answer(bedrock: Bedrock) -> None:
    bedrock.answers(
        TOOL_USE,
        modelId=FORCED,
        system=[{"text": "instructions"}],
        messages=[{"role": "user", "content": [{"text": "evidence"}]}],
        inferenceConfig={"maxTokens": 800},
        requestMetadata={"incident": "incident-1", "prompt": "1-abc"},
        toolConfig={
            "tools": [
                {
                    "toolSpec": {
                        "name": "suggest_remedy",
                        "description": ANY,
                        "inputSchema": {"json": SCHEMA},
                    }
                }
            ],
            "toolChoice": {"tool": {"name": "suggest_remedy"}},
        },
    )
    reply = bedrock.ask(FORCED)
    assert json.loads(reply.text) == ANSWER
    assert reply.model_id == FORCED
    assert [(u.model_id, u.input_tokens, u.output_tokens) for u in bedrock.meter.used] == [(FORCED, 900, 80)]


def test_a_model_that_can_be_told_not_to_think_is_told_so_with_a_forced_tool(bedrock: Bedrock) -> None:
    """Thinking and a forced tool exclude each other; a model that will not be told is asked in the next mode."""
    thinking = {"thinking": {"type": "disabled"}}
    bedrock.fails("ValidationException", 400, toolConfig=ANY, additionalModelRequestFields=thinking)
    longest = {"maxTokens": THOUGHTFUL_ANSWER_TOKENS}
    bedrock.answers(TOOL_USE, toolConfig={"tools": ANY, "toolChoice": {"auto": {}}}, inferenceConfig=longest)
    assert json.loads(bedrock.ask(SECOND).text) == ANSWER


def test_structured_output_where_the_model_has_it(bedrock: Bedrock) -> None:
    structure = {"jsonSchema": {"name": "suggest_remedy", "schema": json.dumps(SCHEMA)}}
    output = {"textFormat": {"type": "json_schema", "structure": structure}}
    bedrock.answers({"text": json.dumps(ANSWER)}, stop="end_turn", outputConfig=output)
    assert json.loads(bedrock.ask(STRUCTURED).text) == ANSWER


def test_reasoning_and_talk_before_the_tool_call_are_skipped(bedrock: Bedrock) -> None:
    reasoning = {"reasoningContent": {"reasoningText": {"text": "hm"}}}
    bedrock.answers(reasoning, {"text": "Let me see."}, TOOL_USE)
    assert json.loads(bedrock.ask(FORCED).text) == ANSWER


def test_a_call_of_a_tool_that_nobody_offered_is_no_suggestion(bedrock: Bedrock) -> None:
    bedrock.answers({"toolUse": {"toolUseId": "t1", "name": "start_build", "input": ANSWER}})
    with pytest.raises(NoSuggestion, match="malformed"):
        bedrock.ask(FORCED, SECOND)


def test_reasoning_before_text_is_skipped(bedrock: Bedrock) -> None:
    reasoning = {"reasoningContent": {"reasoningText": {"text": "hm"}}}
    bedrock.answers(reasoning, {"text": f"```json\n{json.dumps(ANSWER)}\n```"}, stop="end_turn")
    assert json.loads(bedrock.ask(FORCED).text) == ANSWER


@pytest.mark.parametrize(("code", "status"), LASTING)
def test_an_error_that_stays_is_no_suggestion(bedrock: Bedrock, code: str, status: int) -> None:
    bedrock.fails(code, status)
    with pytest.raises(NoSuggestion) as refused:
        bedrock.ask(FORCED)
    assert str(refused.value).startswith(f"{FORCED}: ")
    assert "as AWS says" not in str(refused.value)


@pytest.mark.parametrize(("code", "status"), THROTTLED)
def test_throttling_is_told_apart(bedrock: Bedrock, code: str, status: int) -> None:
    bedrock.fails(code, status)
    with pytest.raises(Throttled):
        bedrock.ask(FORCED)


@pytest.mark.parametrize(("code", "status"), ONCE_MORE)
def test_a_model_that_failed_is_asked_once_more(bedrock: Bedrock, code: str, status: int) -> None:
    bedrock.fails(code, status)
    bedrock.answers(TOOL_USE)
    assert json.loads(bedrock.ask(FORCED).text) == ANSWER


@pytest.mark.parametrize(("code", "status"), ONCE_MORE)
def test_a_model_that_failed_twice_is_left(bedrock: Bedrock, code: str, status: int) -> None:
    bedrock.fails(code, status)
    bedrock.fails(code, status)
    with pytest.raises(NoSuggestion):
        bedrock.ask(FORCED)


@pytest.mark.parametrize(("code", "status"), [*LASTING, *THROTTLED])
def test_the_second_model_steps_in(bedrock: Bedrock, code: str, status: int) -> None:
    bedrock.fails(code, status)
    bedrock.answers(TOOL_USE)
    assert bedrock.ask(FORCED, SECOND).model_id == SECOND


def test_a_refused_request_is_put_in_simpler_forms(bedrock: Bedrock) -> None:
    bedrock.fails("ValidationException", 400, toolConfig=ANY)
    bedrock.fails("ValidationException", 400, toolConfig=ANY)
    bedrock.answers({"text": json.dumps(ANSWER)}, stop="end_turn", modelId=FORCED)
    assert json.loads(bedrock.ask(FORCED).text) == ANSWER


def test_a_refused_form_is_remembered(bedrock: Bedrock) -> None:
    model = BedrockModel(bedrock.client, [FORCED])
    bedrock.fails("ValidationException", 400)
    bedrock.answers(TOOL_USE)
    bedrock.answers(TOOL_USE, toolConfig={"tools": ANY, "toolChoice": {"auto": {}}})
    for _ in range(2):
        assert json.loads(model.ask(QUESTION, bedrock.meter).text) == ANSWER


def test_a_model_that_refuses_every_form_is_no_suggestion(bedrock: Bedrock) -> None:
    for _ in modes(FORCED):
        bedrock.fails("ValidationException", 400)
    with pytest.raises(NoSuggestion, match="every form"):
        bedrock.ask(FORCED)


@pytest.mark.parametrize(
    "stop",
    [
        "max_tokens",
        "malformed_model_output",
        "malformed_tool_use",
        "model_context_window_exceeded",
        "guardrail_intervened",
        "content_filtered",
    ],
)
def test_an_answer_that_cannot_be_used_is_no_suggestion_and_is_paid_for(bedrock: Bedrock, stop: str) -> None:
    """No second model is asked: not to get past a guardrail, and not to pay twice."""
    bedrock.answers(TOOL_USE, stop=stop)
    with pytest.raises(NoSuggestion, match=r"answer|evidence"):
        bedrock.ask(FORCED, SECOND)
    assert bedrock.asked == [FORCED]
    assert [usage.tokens for usage in bedrock.meter.used] == [980]


@pytest.mark.parametrize("content", [[], [{"text": "  "}]])
def test_an_empty_answer_is_no_suggestion(bedrock: Bedrock, content: list[dict[str, Any]]) -> None:
    bedrock.answers(*content, stop="end_turn")
    with pytest.raises(NoSuggestion):
        bedrock.ask(FORCED)


def test_throttling_beside_another_failure_is_no_suggestion(bedrock: Bedrock) -> None:
    bedrock.fails("ThrottlingException", 429)
    bedrock.fails("AccessDeniedException", 403)
    with pytest.raises(NoSuggestion, match=r"throttled.*denied"):
        bedrock.ask(FORCED, SECOND)


def test_no_answer_from_the_network_is_no_suggestion() -> None:
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url="http://127.0.0.1:1",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(NoSuggestion, match=FORCED):
        BedrockModel(client, [FORCED]).ask(QUESTION, IncidentMeter(MemoryTokenBudget(), "incident-1"))


def test_a_guardrail_looks_at_the_evidence_alone_and_no_tool_hides_the_answer_from_it(
    bedrock: Bedrock,
) -> None:
    bedrock.answers(
        {"text": json.dumps(ANSWER)},
        stop="end_turn",
        messages=[{"role": "user", "content": [{"guardContent": {"text": {"text": "evidence"}}}]}],
        guardrailConfig={"guardrailIdentifier": "g1", "guardrailVersion": "3", "trace": "disabled"},
    )
    assert json.loads(bedrock.ask(FORCED, guardrail=Guardrail("g1", "3")).text) == ANSWER


def test_nothing_is_asked_that_the_budget_has_no_tokens_for(bedrock: Bedrock) -> None:
    bedrock.budget.limits = TokenLimits(per_incident=ANSWER_TOKENS, per_day=1_000_000)
    with pytest.raises(TokensSpent):
        bedrock.ask(FORCED, SECOND)
    assert bedrock.budget.spent == {}


def test_what_was_not_used_is_given_back(bedrock: Bedrock) -> None:
    bedrock.answers(TOOL_USE)
    bedrock.ask(FORCED)
    assert bedrock.budget.spent == {"incident-1": 980, "day": 980}


@pytest.mark.parametrize(
    ("code", "charged"), [("AccessDeniedException", False), ("InternalServerException", True)]
)
def test_only_what_was_refused_unseen_costs_nothing(bedrock: Bedrock, code: str, charged: bool) -> None:
    bedrock.fails(code, 500)
    with pytest.raises(NoSuggestion):
        bedrock.ask(FORCED)
    assert (bedrock.budget.spent["day"] > 0) is charged


def test_the_charge_covers_every_byte_sent_and_the_longest_answer(bedrock: Bedrock) -> None:
    bedrock.fails("InternalServerException", 500)
    with pytest.raises(NoSuggestion):
        bedrock.ask(FORCED)
    sent = json.dumps(request_of(FORCED, Mode.FORCED_TOOL, QUESTION))
    assert bedrock.budget.spent["incident-1"] >= len(sent.encode()) + ANSWER_TOKENS


def test_no_call_is_begun_that_could_outlast_the_function(bedrock: Bedrock) -> None:
    """Two models that hang until the client gives up leave time for the catalogue."""
    clock = iter([0.0, 0.0, CALL_SECONDS, 2 * CALL_SECONDS])
    bedrock.fails("InternalServerException", 500)
    bedrock.fails("InternalServerException", 500)
    model = BedrockModel(bedrock.client, [FORCED, SECOND, STRUCTURED], seconds=lambda: next(clock))
    with pytest.raises(NoSuggestion, match=f"{STRUCTURED}: there was no time left"):
        model.ask(QUESTION, bedrock.meter)
    assert 2 * CALL_SECONDS <= ASK_SECONDS < 3 * CALL_SECONDS
