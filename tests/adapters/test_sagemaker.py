"""Asking an endpoint, with botocore's own model of the service on the other side of a stubbed wire."""

import io
import json
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from selfheal.adapters import sagemaker
from selfheal.adapters.sagemaker import Format, SageMakerForest, body_of, scores_of
from selfheal.domain.errors import InvalidEvent, RequestRejected, ServiceUnavailable, Throttled

VECTORS = [[0.5, -1.0], [2.0, 0.25]]


def answered(*scores: float) -> dict[str, Any]:
    body = json.dumps({"scores": [{"score": score} for score in scores]}).encode()
    return {"Body": StreamingBody(io.BytesIO(body), len(body))}


def forest(form: Format = Format.CSV) -> tuple[SageMakerForest, Stubber]:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
    client = session.client("sagemaker-runtime")
    stub = Stubber(client)
    stub.activate()
    return SageMakerForest(client, "shop-forest", form), stub


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (Format.CSV, b"0.5,-1.0\n2.0,0.25"),
        (Format.JSON, b'{"instances": [{"features": [0.5, -1.0]}, {"features": [2.0, 0.25]}]}'),
    ],
)
def test_vectors_are_sent_as_the_algorithm_reads_them(form: Format, body: bytes) -> None:
    asked, stub = forest(form)
    request = {
        "EndpointName": "shop-forest",
        "ContentType": form.value,
        "Accept": "application/json",
        "Body": body,
    }
    stub.add_response("invoke_endpoint", answered(0.02, 0.25), request)
    assert asked.scores(VECTORS) == [0.02, 0.25]


def test_many_vectors_are_asked_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sagemaker, "MOST_VECTORS", 2)
    asked, stub = forest()
    stub.add_response("invoke_endpoint", answered(1, 2))
    stub.add_response("invoke_endpoint", answered(3))
    assert asked.scores([*VECTORS, [0.0, 0.0]]) == [1, 2, 3]
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ThrottlingException", 400, Throttled),
        ("ServiceUnavailable", 503, ServiceUnavailable),
        ("InternalFailure", 500, ServiceUnavailable),
        ("ModelError", 424, RequestRejected),
        ("ModelNotReadyException", 429, RequestRejected),
        ("ValidationError", 400, RequestRejected),
        ("AccessDeniedException", 403, RequestRejected),
    ],
)
def test_what_the_service_refuses_is_an_error_of_ours(code: str, status: int, error: type[Exception]) -> None:
    asked, stub = forest()
    stub.add_client_error("invoke_endpoint", code, http_status_code=status)
    with pytest.raises(error, match=f"^sagemaker:InvokeEndpoint: {code}"):
        asked.scores(VECTORS)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "holds none"),
        (b"<html>", "holds none"),
        (b"[1, 2]", "holds none"),
        (b'{"scores": [1, 2]}', "holds none"),
        (b'{"scores": [{"score": "x"}, {"score": 1}]}', "holds none"),
        (b'{"scores": [{"score": 1}]}', "1 scores to 2 vectors"),
        (b'{"scores": [{"score": NaN}, {"score": 1}]}', "no score"),
        (b'{"scores": [{"score": -1}, {"score": 1}]}', "no score"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(body: bytes, problem: str) -> None:
    with pytest.raises(InvalidEvent, match=problem):
        scores_of(body, 2)


def test_no_number_that_is_not_finite_is_sent() -> None:
    with pytest.raises(InvalidEvent, match=r"^feature 1: nan must not reach a forest"):
        body_of([[1.0, float("nan")]], Format.CSV)
