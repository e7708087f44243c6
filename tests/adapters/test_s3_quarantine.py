import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from selfheal.adapters.s3_quarantine import S3Quarantine
from selfheal.domain.errors import RequestRejected, ServiceUnavailable
from selfheal.testing.builders import a_measurement

Scripted = Callable[[str], tuple[Any, Stubber]]
BUCKET = "selfheal-lake"
BAD = a_measurement(duration_seconds=float("nan"), phases={"BUILD": float("inf")})


def test_what_cannot_be_believed_is_kept_whole_as_strict_json_with_its_reasons() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    assert S3Quarantine(s3, BUCKET).put(BAD, ["duration_seconds is nan"]) is True
    [entry] = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert entry["Key"].startswith("quarantine/")
    text = s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read().decode()
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["reasons"] == ["duration_seconds is nan"]
    assert document["measurement"]["duration_seconds"] == "nan"
    assert document["measurement"]["phases"] == {"BUILD": "inf"}
    assert document["measurement"]["run_id"] == "shop:1"


def test_a_run_that_is_delivered_again_is_not_written_again() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    quarantine = S3Quarantine(s3, BUCKET)
    assert [quarantine.put(BAD, ["a"]), quarantine.put(BAD, ["b"])] == [True, False]
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [("AccessDenied", 403, RequestRejected), ("ServiceUnavailable", 503, ServiceUnavailable)],
)
def test_a_refused_write_is_not_taken_for_a_known_run(
    scripted: Scripted, code: str, status: int, kind: Any
) -> None:
    client, stubber = scripted("s3")
    stubber.add_client_error("put_object", code, http_status_code=status)
    with pytest.raises(kind, match="s3:PutObject"):
        S3Quarantine(client, BUCKET).put(BAD, ["a"])
