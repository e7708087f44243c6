import gzip
import json
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from selfheal.adapters.s3 import S3Lake
from selfheal.domain.errors import RequestRejected
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import PipelineKey, Service
from selfheal.testing.builders import a_measurement
from selfheal.wire import decode

BUCKET = "selfheal-lake"


def test_a_measurement_is_one_line_of_json_and_comes_back_whole() -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    measurement = a_measurement(duration_seconds=0.1 + 0.2)
    key = S3Lake(client, BUCKET).put(measurement)
    line = gzip.decompress(client.get_object(Bucket=BUCKET, Key=key)["Body"].read()).decode()
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    assert decode(Measurement, json.loads(line)) == measurement


def test_putting_it_again_changes_no_byte_and_makes_no_second_object() -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    lake = S3Lake(client, BUCKET)
    first = lake.put(a_measurement())
    tag = client.head_object(Bucket=BUCKET, Key=first)["ETag"]
    assert lake.put(a_measurement()) == first
    assert client.head_object(Bucket=BUCKET, Key=first)["ETag"] == tag
    assert client.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1
    header = client.get_object(Bucket=BUCKET, Key=first)["Body"].read()[:8]
    assert header[4:] == b"\0\0\0\0"  # no time of writing


def test_the_key_holds_the_day_in_utc_and_a_safe_pipeline() -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    east = datetime(2026, 1, 16, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    pipeline = PipelineKey(Service.CODEPIPELINE, "shop/Deploy to ../prod")
    key = S3Lake(client, BUCKET).put(a_measurement("x/y/z/1", pipeline=pipeline, started_at=east))
    folder, _, name = key.rpartition("/")
    assert folder == "measurements/dt=2026-01-15/codepipeline_shop_Deploy_to_.._prod"
    assert name.endswith(".ndjson.gz")


def test_two_runs_never_share_an_object() -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    lake = S3Lake(client, BUCKET)
    assert lake.put(a_measurement("shop:1")) != lake.put(a_measurement("shop:2"))


def test_a_bucket_that_is_not_there_is_a_rejection() -> None:
    with pytest.raises(RequestRejected, match="s3:PutObject: NoSuchBucket"):
        S3Lake(boto3.client("s3"), "nowhere").put(a_measurement())
