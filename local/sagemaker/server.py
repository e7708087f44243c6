"""The HTTP side: SageMaker's JSON wire, and the invocations of its endpoints."""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.devtools.wire import misfits, service_model
from local.sagemaker.endpoints import Hosting
from local.sagemaker.errors import ServiceRefusal
from local.sagemaker.pipelines import Executor

INVOKED = re.compile(r"/endpoints/([A-Za-z0-9-]+)/invocations")
Json = Mapping[str, Any]


class Api:
    """The operations that are offered. Each request and reply is held against botocore's model."""

    def __init__(self, hosting: Hosting, executor: Executor) -> None:
        self.hosting, self.executor = hosting, executor
        self._operations: dict[str, Callable[[Json], Json]] = {
            "StartPipelineExecution": self._start,
            "ListPipelineExecutionSteps": self._steps,
            "DescribeModelPackage": hosting.describe_package,
            "CreateModel": hosting.create_model,
            "CreateEndpointConfig": hosting.create_config,
            "CreateEndpoint": hosting.create_endpoint,
            "UpdateEndpoint": hosting.update_endpoint,
            "DescribeEndpoint": hosting.describe_endpoint,
            "ListTags": hosting.list_tags,
            "DeleteEndpoint": hosting.delete_endpoint,
        }

    def answer(self, target: str, body: bytes) -> bytes:
        """The reply to a request of the control plane. Raises ServiceRefusal."""
        name = target.removeprefix("SageMaker.")
        if name not in self._operations:
            raise ServiceRefusal("UnknownOperationException", f"{name} is not simulated")
        model = service_model("sagemaker").operation_model(name)
        asked = json.loads(body)
        if problems := list(misfits(asked, model.input_shape)):
            raise ServiceRefusal("ValidationException", "; ".join(problems))
        reply = self._operations[name](asked)
        if model.output_shape and (problems := list(misfits(reply, model.output_shape))):
            raise ServiceRefusal("InternalFailure", f"{name}: {'; '.join(problems)}", 500)
        return json.dumps(reply).encode()

    def _start(self, asked: Json) -> Json:
        if asked["PipelineName"] != self.executor.name:
            raise ServiceRefusal("ResourceNotFound", f"Pipeline {asked['PipelineName']} does not exist")
        given = {each["Name"]: each["Value"] for each in asked.get("PipelineParameters", [])}
        return {"PipelineExecutionArn": self.executor.start(given, asked["ClientRequestToken"]).arn}

    def _steps(self, asked: Json) -> Json:
        execution = self.executor.executions.get(asked["PipelineExecutionArn"])
        if execution is None:
            raise ServiceRefusal("ResourceNotFound", "the execution does not exist")
        return {"PipelineExecutionSteps": execution.steps[::-1]}


class SageMakerServer(ThreadingHTTPServer):
    """Listens on the loopback interface only."""

    daemon_threads = True

    def __init__(self, api: Api, port: int = 0) -> None:
        self.api = api
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SageMakerServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if invoked := INVOKED.fullmatch(self.path):
                kind, accept = self.headers.get("Content-Type", ""), self.headers.get("Accept", "")
                answer = self.server.api.hosting.invoke(invoked[1], body, kind, accept)
                self._reply(200, answer, accept, {"x-Amzn-Invoked-Production-Variant": "forest"})
            else:
                answer = self.server.api.answer(self.headers.get("X-Amz-Target", ""), body)
                self._reply(200, answer, "application/x-amz-json-1.1", {})
        except ServiceRefusal as error:
            text = json.dumps({"__type": error.code, "message": str(error), "Message": str(error)})
            self._reply(
                error.status, text.encode(), "application/x-amz-json-1.1", {"x-amzn-ErrorType": error.code}
            )

    def _reply(self, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "x-amzn-RequestId": str(uuid.uuid4()),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests say what was asked."""
