"""A language model made of a function: an OpenAI-compatible server, which MiniStack puts behind Bedrock Converse."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from local.ports import HOST

Message = dict[str, Any]


@dataclass
class Chat:
    """What it answers to a request, and what it was asked so far."""

    url: str
    answer: Callable[[Message], Message]
    asked: list[Message] = field(default_factory=list)


def tool_call(arguments: str, name: str = "suggest_remedy") -> Message:
    """A message that calls a tool; ``arguments`` is JSON text, or what passes for it."""
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


@contextmanager
def serving() -> Iterator[Chat]:
    """A server on a free port of the loopback interface."""
    server = ThreadingHTTPServer((HOST, 0), BaseHTTPRequestHandler)
    chat = Chat(f"http://{HOST}:{server.server_port}", lambda request: {"role": "assistant", "content": ""})
    server.RequestHandlerClass = _handler(chat)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()


def _handler(chat: Chat) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chat.asked.append(request)
            usage = {"prompt_tokens": 321, "completion_tokens": 45}
            body = json.dumps({"choices": [{"message": chat.answer(request)}], "usage": usage}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
