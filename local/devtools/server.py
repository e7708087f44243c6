"""The HTTP side: one address that speaks the wire of all simulated services."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.exceptions import BotoCoreError, ClientError

from local.devtools.access import Access
from local.devtools.errors import ServiceError
from local.devtools.events import EventPublisher, Mode
from local.devtools.forwarding import SHARED_SERVICES, Forward
from local.devtools.operations import Service
from local.devtools.wire import Json, operation_of, read_request, write_reply

JSON_TYPE = "application/x-amz-json-1.1"
MODES = {True: Mode.DROP, False: Mode.DELIVER, "duplicate": Mode.DUPLICATE}
log = logging.getLogger(__name__)


class Api:
    """Answers one request: who calls, is the request sound, may they, what is the reply."""

    def __init__(self, services: Mapping[str, Service], access: Access) -> None:
        self._services, self._access = services, access
        self._operations = {name: service.operations() for name, service in services.items()}

    def answer(self, target: str, authorization: str | None, body: bytes) -> bytes:
        """The reply's JSON; raises ServiceError."""
        try:
            return self._answer(target, authorization, body)
        except (BotoCoreError, ClientError) as error:
            log.exception("MiniStack cannot be asked for %s", target)
            raise ServiceError("ServiceUnavailableException", f"MiniStack: {error}", status=503) from error

    def is_elsewhere(self, target: str) -> bool:
        """Whether another server answers these requests: those of a shared service that are not simulated."""
        service, model = operation_of(target)
        return service in SHARED_SERVICES and model.name not in self._operations[service]

    def _answer(self, target: str, authorization: str | None, body: bytes) -> bytes:
        caller = self._access.caller(authorization)
        service, model = operation_of(target)
        operation = self._operations[service].get(model.name)
        if operation is None:
            message = f"{service} {model.name} is not offered by the simulator."
            raise ServiceError("UnknownOperationException", message)
        params = read_request(service, model, body)
        action = f"{service}:{model.name}"
        for needed, resources in {model.name: operation.resources(params), **operation.more(params)}.items():
            tagged = {arn: self._services[service].tags(arn) for arn in resources}
            self._access.authorize(caller, f"{service}:{needed}", tagged, operation.conditions(params))
        log.info("%s by %s", action, caller.initiator)
        return write_reply(model, operation.run(params, caller))


class DevtoolsServer(ThreadingHTTPServer):
    """Listens on the loopback interface only."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, api: Api, events: EventPublisher, forward: Forward) -> None:
        self.api, self.events, self.forward = api, events, forward
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: DevtoolsServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.path == "/_devtools/events":
                self._reply(HTTPStatus.OK, json.dumps(self._switch_events(body)).encode())
            else:
                self._reply(*self._answer(self.headers.get("X-Amz-Target", ""), body))
        except ServiceError as error:
            self._refuse(error)

    def _answer(self, target: str, body: bytes) -> tuple[int, bytes]:
        if self.server.api.is_elsewhere(target):
            return self.server.forward(dict(self.headers), body)
        return HTTPStatus.OK, self.server.api.answer(target, self.headers.get("Authorization"), body)

    def do_GET(self) -> None:
        if self.path == "/_devtools/events":
            self._reply(HTTPStatus.OK, json.dumps(self.server.events.counts()).encode())
        elif self.path == "/_devtools/health":
            self._reply(HTTPStatus.OK, b'{"status": "running"}')
        else:
            self._refuse(ServiceError("UnknownOperationException", f"No page at {self.path}", status=404))

    def _switch_events(self, body: bytes) -> Json:
        try:
            order = json.loads(body)
            mode, subject = MODES[order["drop"]], order.get("subject")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = 'expected {"drop": true, false or "duplicate", "subject": optional name}'
            raise ServiceError("ValidationException", message) from error
        self.server.events.set_mode(mode, subject)
        return {"mode": mode.value, "subject": subject}

    def _refuse(self, error: ServiceError) -> None:
        log.info("refused: %s", error)
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        self._reply(error.status, body, {"x-amzn-ErrorType": error.code})

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", JSON_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)
