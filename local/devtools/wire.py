"""The JSON 1.1 wire: requests and replies held against botocore's own service models."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from local.devtools.errors import ServiceError

Json = dict[str, Any]

SERVICES = ("codebuild", "codepipeline", "codedeploy", "ssm")
BAD_REQUEST = {
    "codebuild": "InvalidInputException",
    "codepipeline": "ValidationException",
    "codedeploy": "InvalidInputException",
    "ssm": "ValidationException",
}
log = logging.getLogger(__name__)


@cache
def service_model(service: str) -> ServiceModel:
    """The model that botocore ships for ``service``."""
    return botocore.session.get_session().get_service_model(service)


@cache
def _service_of_prefix() -> dict[str, str]:
    return {str(service_model(name).metadata["targetPrefix"]): name for name in SERVICES}


def operation_of(target: str) -> tuple[str, OperationModel]:
    """The service and operation that an ``X-Amz-Target`` header names."""
    prefix, _, name = target.partition(".")
    service = _service_of_prefix().get(prefix)
    if service is None or name not in service_model(service).operation_names:
        raise ServiceError("UnknownOperationException", f"No operation is known for the target {target!r}.")
    return service, service_model(service).operation_model(name)


def read_request(service: str, operation: OperationModel, body: bytes) -> Json:
    """The parameters in ``body``; a request that does not fit its input shape is refused."""
    try:
        params = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"The request is not JSON: {error}") from error
    problems = list(misfits(params, operation.input_shape))
    if problems:
        raise ServiceError(BAD_REQUEST[service], "; ".join(problems))
    return dict(params)


def write_reply(operation: OperationModel, reply: Json) -> bytes:
    """``reply`` as JSON; one that does not fit its output shape is the simulator's bug, not the client's."""
    problems = list(misfits(_without_empty_lists(reply), operation.output_shape))
    if problems:
        log.error("%s: the reply does not fit its model: %s", operation.name, "; ".join(problems))
        raise ServiceError("InternalFailure", f"{operation.name}: {'; '.join(problems)}", status=500)
    return json.dumps(reply).encode()


def _without_empty_lists(value: Any) -> Any:
    # The services send empty lists even where their own models ask for one item at least.
    if isinstance(value, dict):
        return {key: _without_empty_lists(member) for key, member in value.items() if member != []}
    if isinstance(value, list):
        return [_without_empty_lists(member) for member in value]
    return value


def misfits(value: Any, shape: Shape | None) -> Iterator[str]:
    """What is wrong with ``value`` as a ``shape``: types, required and unknown members, enums."""
    if shape is None:
        if value:
            yield f"no members are expected, got {value!r}"
        return
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        yield report.generate_report()
        return
    yield from _enum_misfits(value, shape, shape.name)


def _enum_misfits(value: Any, shape: Shape, name: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for key, member in value.items():
            yield from _enum_misfits(member, shape.members[key], f"{name}.{key}")
    elif isinstance(shape, ListShape):
        for index, member in enumerate(value):
            yield from _enum_misfits(member, shape.member, f"{name}[{index}]")
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield from _enum_misfits(member, shape.value, f"{name}.{key}")
    elif (allowed := getattr(shape, "enum", None)) and value not in allowed:
        yield f"{name} must be one of {', '.join(allowed)}, got {value!r}"
