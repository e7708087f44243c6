"""Labelled failures in S3: one object each, as Athena reads them."""

import json
from datetime import timedelta
from typing import Any

import boto3

from selfheal.adapters.s3_labels import S3Labels
from selfheal.domain.diagnosis import Cause
from selfheal.domain.experiment import Label, LabelledFailure
from selfheal.domain.incident import incident_id
from selfheal.testing.builders import COMMIT, NOON, SHOP
from selfheal.wire import decode

BUCKET = "selfheal-test-lake"
LABELLED = LabelledFailure(
    run_id="shop:1",
    pipeline=SHOP,
    opened_at=NOON + timedelta(hours=11, minutes=59),
    source_version=COMMIT,
    fingerprint="f00d",
    cause=Cause.FLAKY_TEST,
    remedy="retry_build",
    label=Label.FLAKE,
    new_run_id="shop:2",
)


def test_a_label_is_one_line_on_the_day_of_its_incident_however_often_it_is_put() -> None:
    s3: Any = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for _ in range(2):
        S3Labels(s3, BUCKET).put(LABELLED)
    (found,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert found["Key"] == f"labels/dt=2026-01-15/{incident_id('shop:1')}.json"
    body = s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read().decode()
    assert body.count("\n") == 1
    assert decode(LabelledFailure, json.loads(body)) == LABELLED
