"""Versions of the global model in S3, and the pointer that only one of two writers can move."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from selfheal.adapters.s3_models import FOLDER, HOSTED, POINTER, S3Models
from selfheal.domain.errors import InvalidEvent, ModelNotFound, RequestRejected
from selfheal.domain.model import EMBEDDED, Champion, Figures
from selfheal.testing.builders import NOON
from selfheal.testing.models import a_record

BUCKET = "selfheal-lake"


@pytest.fixture
def s3() -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def models(s3: Any) -> Iterator[S3Models]:
    yield S3Models(s3, BUCKET)


def test_a_version_comes_back_as_it_was_stored(models: S3Models) -> None:
    record = a_record("m1", figures=Figures(300, 0.1 + 0.2, 0.9, 0.95))
    models.put(record, b"\x00forest")
    assert models.record("m1") == record
    assert models.artifact("m1") == b"\x00forest"


def test_a_stored_version_never_changes(models: S3Models) -> None:
    models.put(a_record("m1"), b"first")
    models.put(a_record("m1", runs=1), b"second")
    assert models.artifact("m1") == b"first"
    assert models.record("m1").runs == 500


def test_a_version_half_written_is_none_yet_and_storing_it_again_completes_it(
    models: S3Models, s3: Any
) -> None:
    s3.put_object(Bucket=BUCKET, Key="models/m1/model.bin", Body=b"first")
    assert models.newest(10) == []
    models.put(a_record("m1"), b"first")
    assert [record.version for record in models.newest(10)] == ["m1"]


@pytest.mark.parametrize("version", ["m9", "x.y_z-1"])
def test_an_unknown_version_is_named(models: S3Models, version: str) -> None:
    with pytest.raises(ModelNotFound, match=version):
        models.artifact(version)
    with pytest.raises(ModelNotFound, match=version):
        models.record(version)


@pytest.mark.parametrize("version", ["", "../x", "a/b", ".", EMBEDDED, "x" * 65, "m1\n"])
def test_what_cannot_be_a_version_reaches_no_object(models: S3Models, version: str) -> None:
    with pytest.raises(InvalidEvent, match="version"):
        models.artifact(version)


def test_the_newest_training_comes_first_and_damaged_metadata_is_left_out(models: S3Models, s3: Any) -> None:
    for n in range(4):
        models.put(a_record(f"m{n}", trained_at=NOON + timedelta(days=n)), b"x")
    s3.put_object(Bucket=BUCKET, Key="models/m2/metadata.json", Body=b"{broken")
    assert [record.version for record in models.newest(10)] == ["m3", "m1", "m0"]
    assert len(models.newest(1)) <= 1


def test_before_the_first_promotion_the_embedded_model_serves(models: S3Models) -> None:
    assert models.champion().version == EMBEDDED


def test_a_promotion_is_read_back_and_a_rollback_goes_one_back(models: S3Models) -> None:
    for version in ("m1", "m2"):
        assert models.switch(models.champion().promoted(version))
    assert models.champion().served == ("m1", "m2")
    assert models.switch(models.champion().rolled_back())
    assert models.champion().version == "m1"


def test_of_two_first_promotions_one_wins(models: S3Models) -> None:
    mine, other = models.champion().promoted("m1"), models.champion().promoted("m2")
    assert [models.switch(mine), models.switch(other)] == [True, False]
    assert models.champion().version == "m1"


def test_of_two_promotions_over_the_same_champion_one_wins_and_none_is_lost(models: S3Models) -> None:
    assert models.switch(Champion().promoted("m0"))
    read = models.champion()
    assert [models.switch(read.promoted("m1")), models.switch(read.promoted("m2"))] == [True, False]
    assert models.champion().served == ("m0", "m1")
    assert models.switch(models.champion().promoted("m2"))
    assert models.champion().served == ("m0", "m1", "m2")


def test_a_rollback_and_a_promotion_at_once_cannot_both_happen(models: S3Models) -> None:
    assert models.switch(Champion().promoted("m0"))
    read = models.champion()
    assert models.switch(read.rolled_back())
    assert not models.switch(read.promoted("m1"))
    assert models.champion().version == EMBEDDED


def test_a_pointer_that_vanished_is_not_written_over(models: S3Models, s3: Any) -> None:
    assert models.switch(Champion().promoted("m0"))
    read = models.champion()
    s3.delete_object(Bucket=BUCKET, Key=FOLDER + POINTER)
    assert not models.switch(read.promoted("m1"))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"served": "m1"}', b'{"served": [1]}', b"\xff"])
def test_a_damaged_pointer_says_so_and_a_promotion_mends_it(models: S3Models, s3: Any, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=FOLDER + POINTER, Body=body)
    damaged = models.champion()
    assert damaged.version == EMBEDDED
    assert "models/champion.json holds no list of versions" in damaged.damage
    assert models.switch(damaged.promoted("m1"))
    assert models.champion().version == "m1"
    assert not models.champion().damage


def test_only_the_newest_champions_are_kept_for_a_rollback(models: S3Models, s3: Any) -> None:
    for n in range(25):
        assert models.switch(models.champion().promoted(f"m{n}"))
    stored = json.loads(s3.get_object(Bucket=BUCKET, Key=FOLDER + POINTER)["Body"].read())
    assert stored == {"served": [f"m{n}" for n in range(5, 25)]}


def test_a_bucket_that_is_not_there_is_an_error_and_no_race(s3: Any) -> None:
    with pytest.raises(RequestRejected, match="s3:PutObject"):
        S3Models(s3, "absent").switch(Champion().promoted("m1"))


def test_hosted_versions_lie_apart_and_their_pointer_says_where_the_endpoint_is_going(
    models: S3Models, s3: Any
) -> None:
    hosted = S3Models(s3, BUCKET, HOSTED)
    assert hosted.switch(Champion(("h1",), moving="h2"))
    assert (hosted.champion().served, hosted.champion().moving) == (("h1",), "h2")
    assert models.champion() == Champion()
    hosted.put(a_record("h1"), b"thresholds")
    assert ([r.version for r in hosted.newest(5)], models.newest(5)) == (["h1"], [])
    assert hosted.switch(hosted.champion().promoted("h2"))
    assert not hosted.champion().moving
