"""The Bedrock adapter over the real wire: MiniStack's Converse in front of a scripted model."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from local.ports import HOST
from local.processes import Spawned, spawn, stop_all
from local.servers import DEVTOOLS, MINISTACK, start_servers
from local.state import CloudState
from selfheal.adapters.bedrock import BedrockModel
from selfheal.diagnose.redact import Redactor
from selfheal.domain.conversation import Question
from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine
from selfheal.domain.errors import NoSuggestion
from selfheal.remedies.registry import catalogue
from selfheal.suggest.meter import IncidentMeter
from selfheal.suggest.suggest import Suggester
from selfheal.testing.memory import MemoryTokenBudget
from tests.chat import Chat, serving, tool_call

MODEL = "global.amazon.nova-2-lite-v1:0"
SCHEMA = {"type": "object", "properties": {"remedy": {"type": "string"}}, "required": ["remedy"]}
QUESTION = Question("incident-1", "1-abc", "instructions", "evidence", SCHEMA)
ANSWER = {"remedy": "notify", "explanation": "The disk is full.", "quotes": ["No space left on device"]}


@pytest.fixture(scope="module")
def chat() -> Iterator[Chat]:
    with serving() as chat:
        yield chat


@pytest.fixture(scope="module")
def endpoint(chat: Chat, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("ministack")

    def start(home: Path, state: CloudState) -> Spawned:
        settings = {
            **os.environ,
            "GATEWAY_PORT": state.ministack_url.rpartition(":")[2],
            "BIND_HOST": HOST,
            "TMPDIR": str(home),
            "MINISTACK_BEDROCK_PROXY_URL": chat.url,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
        }
        command = [sys.executable, "-m", "ministack"]
        return spawn("ministack", command, environment=settings, home=home, directory=home)

    ports = {MINISTACK.name: 0, DEVTOOLS.name: 0}
    try:
        yield start_servers(home, ports, lambda step: None, [replace(MINISTACK, start=start)]).ministack_url
    finally:
        stop_all(home)


@pytest.fixture
def model(endpoint: str, chat: Chat) -> BedrockModel:
    chat.asked.clear()
    return BedrockModel(boto3.client("bedrock-runtime", endpoint_url=endpoint), [MODEL])


@pytest.fixture
def meter() -> IncidentMeter:
    return IncidentMeter(MemoryTokenBudget(), "incident-1")


def test_a_forced_tool_call_travels_there_and_back(
    model: BedrockModel, chat: Chat, meter: IncidentMeter
) -> None:
    chat.answer = lambda request: tool_call(json.dumps(ANSWER))
    reply = model.ask(QUESTION, meter)
    assert json.loads(reply.text) == ANSWER
    assert [(u.model_id, u.input_tokens, u.output_tokens) for u in meter.used] == [(MODEL, 321, 45)]
    [request] = chat.asked
    assert request["tool_choice"]["function"]["name"] == "suggest_remedy"
    assert request["max_tokens"] == 800
    assert not {"temperature", "top_p"} & set(request)


def test_a_broken_tool_call_is_no_suggestion(model: BedrockModel, chat: Chat, meter: IncidentMeter) -> None:
    chat.answer = lambda request: tool_call("{not json")
    with pytest.raises(NoSuggestion, match="malformed"):
        model.ask(QUESTION, meter)


def test_a_hostile_model_gets_nothing_but_the_catalogue(model: BedrockModel, chat: Chat) -> None:
    chat.answer = lambda request: tool_call(json.dumps({**ANSWER, "remedy": "delete_everything"}))
    line = EvidenceLine(3, "write: No space left on device")
    full = Diagnosis(Cause.DISK_FULL, True, 0.9, "signature:disk-full", "ab", "The disk is full", (line,))
    notify = [remedy for remedy in catalogue() if remedy.id == "notify"]
    found = Suggester(model, MemoryTokenBudget(), Redactor()).suggest("incident-1", full, notify)
    assert (found.remedy, found.origin) == ("notify", "catalogue")
    assert "not allowed" in found.reason
