"""The Bedrock adapter over the real wire: MiniStack's Converse in front of a scripted model."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import pytest

from local.ports import HOST, choose_port
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
START_SECONDS = 60


@pytest.fixture(scope="module")
def chat() -> Iterator[Chat]:
    with serving() as chat:
        yield chat


@pytest.fixture(scope="module")
def endpoint(chat: Chat, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = choose_port(0).number
    home = tmp_path_factory.mktemp("ministack")
    settings = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "TMPDIR": str(home),
        "MINISTACK_BEDROCK_PROXY_URL": chat.url,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    with (Path(home) / "ministack.log").open("wb") as log:
        command = [sys.executable, "-m", "ministack"]
        process = subprocess.Popen(command, env=settings, cwd=home, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(f"http://{HOST}:{port}/_ministack/health", process)
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "MiniStack ended"
        try:
            urlopen(url, timeout=2).close()
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
        else:
            return
    pytest.fail("MiniStack did not answer")


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
