import gzip
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest

from selfheal.adapters.s3 import S3Lake
from selfheal.domain.errors import RequestRejected
from selfheal.domain.measurement import Measurement
from selfheal.testing.builders import NOON, a_measurement
from selfheal.wire import decode

BUCKET = "selfheal-lake"


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def content(s3: Any, name: str) -> bytes:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()
    return body


def test_a_measurement_is_one_line_of_json_and_comes_back_whole(s3: Any) -> None:
    measurement = a_measurement(duration_seconds=0.1 + 0.2)
    [name] = S3Lake(s3, BUCKET).put([measurement])
    line = gzip.decompress(content(s3, name)).decode()
    assert line.endswith("}\n") and line.count("\n") == 1
    assert decode(Measurement, json.loads(line)) == measurement


def test_a_batch_is_one_object_a_day(s3: Any) -> None:
    batch = [a_measurement(f"shop:{n}", started_at=NOON + timedelta(hours=6 * n)) for n in range(4)]
    names = S3Lake(s3, BUCKET).put(batch)
    days = [name.split("/")[1] for name in names]
    assert days == ["dt=2026-01-15", "dt=2026-01-16"]
    assert [gzip.decompress(content(s3, name)).count(b"\n") for name in names] == [2, 2]


def test_putting_it_again_in_another_order_changes_no_byte_and_makes_no_second_object(s3: Any) -> None:
    lake, batch = S3Lake(s3, BUCKET), [a_measurement("shop:1"), a_measurement("shop:2")]
    [first] = lake.put(batch)
    before = content(s3, first)
    assert lake.put(batch[::-1]) == [first]
    assert content(s3, first) == before
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1
    assert before[4:8] == b"\0\0\0\0"  # no time of writing


def test_no_measurement_overwrites_another(s3: Any) -> None:
    lake = S3Lake(s3, BUCKET)
    variants = [a_measurement("shop:1"), a_measurement("shop:2"), a_measurement("shop:1", cpu_percent=1.0)]
    assert len({name for variant in variants for name in lake.put([variant])}) == 3


def test_the_day_is_that_of_utc(s3: Any) -> None:
    east = datetime(2026, 1, 16, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    [name] = S3Lake(s3, BUCKET).put([a_measurement("x/y/z/1", started_at=east)])
    assert name.startswith("measurements/dt=2026-01-15/") and name.endswith(".ndjson.gz")


def test_nothing_to_put_makes_no_object(s3: Any) -> None:
    assert S3Lake(s3, BUCKET).put([]) == []


def test_a_bucket_that_is_not_there_is_a_rejection() -> None:
    with pytest.raises(RequestRejected, match="s3:PutObject: NoSuchBucket"):
        S3Lake(boto3.client("s3"), "nowhere").put([a_measurement()])
