"""Calling AWS: reply pages, and what botocore raises in the words of the domain."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection

from selfheal.domain.errors import RequestRejected, RunNotFound, SelfhealError, ServiceUnavailable, Throttled

Client = Any
"""A boto3 client: boto3 makes their classes at run time, so there is no static type for them."""
Json = Mapping[str, Any]

_THROTTLED = frozenset(
    {
        "AccountLimitExceededException",
        "AutomationExecutionLimitExceededException",
        "BandwidthLimitExceeded",
        "ConcurrentPipelineExecutionsLimitExceededException",
        "ConditionalRequestConflict",
        "ConflictException",  # of CodePipeline: the pipeline is busy, try again later
        "KMSThrottlingException",
        "KmsThrottlingException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_UNAVAILABLE = frozenset(
    {"InternalError", "InternalFailure", "InternalServerError", "RequestTimeout", "ServiceUnavailable"}
)
# Their requests hold names and ids only, so what they answer can be shown. The others may quote a payload.
_NAMES_ONLY = ("cloudwatch:", "codebuild:", "codedeploy:", "codepipeline:", "logs:", "ssm:")
_ACCESS_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})
_MESSAGE_LIMIT = 500
SERVER_ERROR = 500


@contextmanager
def calling(operation: str, *, gone: Json = MappingProxyType({})) -> Iterator[None]:
    """Turn what botocore raises inside into Throttled, ServiceUnavailable or RequestRejected.

    ``operation`` is the IAM action of the call. The errors name it and never hold what was sent; that is
    also why the original is not chained: a validation error of botocore quotes the whole request.
    ``gone`` holds the error codes that mean the run does not exist: they become RunNotFound with that text.
    """
    try:
        yield
    except ClientError as error:
        if error_code(error) in gone:
            raise RunNotFound(gone[error_code(error)]) from None
        raise refusal(operation, error) from None
    except (HTTPClientError, IncompleteReadError, NoConnection) as error:
        raise ServiceUnavailable(f"{operation}: {type(error).__name__}") from None
    except BotoCoreError as error:
        raise RequestRejected(f"{operation}: {type(error).__name__}") from None


def error_code(error: ClientError) -> str:
    """The service's name for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def refusal(operation: str, error: ClientError) -> SelfhealError:
    """The domain error for an AWS reply that is an error."""
    code = error_code(error)
    metadata = error.response.get("ResponseMetadata", {})
    text = f"{operation}: {code or 'unknown error'}"
    if code in _ACCESS_DENIED or operation.startswith(_NAMES_ONLY):
        text += f": {str(error.response.get('Error', {}).get('Message', ''))[:_MESSAGE_LIMIT]}"
    text += f" (request {metadata.get('RequestId', 'unknown')})"
    if code in _THROTTLED:
        return Throttled(text)
    if code in _UNAVAILABLE or metadata.get("HTTPStatusCode", 0) >= SERVER_ERROR:
        return ServiceUnavailable(text)
    return RequestRejected(text)


def pages(
    client: Client, method: str, operation: str, *, gone: Json = MappingProxyType({}), **arguments: Any
) -> Iterator[Json]:
    """Every page of a call that answers in pages. ``operation`` and ``gone`` as in ``calling``."""
    replies = iter(client.get_paginator(method).paginate(**arguments))
    while True:
        with calling(operation, gone=gone):
            page = next(replies, None)
        if page is None:
            return
        yield page
