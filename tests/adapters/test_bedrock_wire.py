"""The Bedrock adapter over the real wire: MiniStack's Converse in front of a scripted model."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import pytest

from local.ports import HOST, choose_port
from selfheal.adapters.bedrock import BedrockModel
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine
from selfheal.domain.errors import NoSuggestion
from selfheal.remedies.registry import catalogue
from selfheal.suggest.suggest import suggest

MODEL = "global.amazon.nova-2-lite-v1:0"
SCHEMA = {"type": "object", "properties": {"remedy": {"type": "string"}}, "required": ["remedy"]}
ANSWER = {"remedy": "notify", "explanation": "The disk is full.", "quotes": ["No space left on device"]}
START_SECONDS = 60


class ScriptedChat(BaseHTTPRequestHandler):
    """An OpenAI-compatible endpoint that says what a test wants and remembers what it was asked."""

    message: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        usage = {"prompt_tokens": 321, "completion_tokens": 45}
        body = json.dumps({"choices": [{"message": self.message}], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def says(arguments: str) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "suggest_remedy", "arguments": arguments},
    }
    ScriptedChat.message = {"role": "assistant", "content": None, "tool_calls": [call]}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    chat = ThreadingHTTPServer((HOST, 0), ScriptedChat)
    Thread(target=chat.serve_forever, daemon=True).start()
    port = choose_port(0).number
    home = tmp_path_factory.mktemp("ministack")
    settings = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "TMPDIR": str(home),
        "MINISTACK_BEDROCK_PROXY_URL": f"http://{HOST}:{chat.server_port}",
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
            chat.shutdown()
            chat.server_close()


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
def model(endpoint: str) -> BedrockModel:
    ScriptedChat.asked.clear()
    return BedrockModel(boto3.client("bedrock-runtime", endpoint_url=endpoint), [MODEL])


def test_a_forced_tool_call_travels_there_and_back(model: BedrockModel) -> None:
    says(json.dumps(ANSWER))
    reply = model.ask("instructions", "evidence", SCHEMA)
    assert json.loads(reply.text) == ANSWER
    assert (reply.model_id, reply.input_tokens, reply.output_tokens) == (MODEL, 321, 45)
    [request] = ScriptedChat.asked
    assert request["tool_choice"]["function"]["name"] == "suggest_remedy"
    assert request["max_tokens"] == 800
    assert not {"temperature", "top_p"} & set(request)


def test_a_broken_tool_call_is_no_suggestion(model: BedrockModel) -> None:
    says("{not json")
    with pytest.raises(NoSuggestion, match="malformed"):
        model.ask("instructions", "evidence", SCHEMA)


def test_a_hostile_model_gets_nothing_but_the_catalogue(model: BedrockModel) -> None:
    says(json.dumps({**ANSWER, "remedy": "delete_everything"}))
    line = EvidenceLine(3, "write: No space left on device")
    full = Diagnosis(Cause.DISK_FULL, True, 0.9, "signature:disk-full", "ab", "The disk is full", (line,))
    notify = [remedy for remedy in catalogue() if remedy.id == "notify"]
    found = suggest(full, notify, model, Redactor())
    assert (found.remedy, found.origin) == ("notify", "catalogue")
    assert "not allowed" in found.reason
