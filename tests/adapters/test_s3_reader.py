"""Reading the lake: what was written comes back once and in order, and damage costs only what is damaged."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfheal.adapters import s3_reader
from selfheal.adapters.s3 import S3Lake
from selfheal.adapters.s3_reader import S3LakeReader
from selfheal.domain.errors import RequestRejected
from selfheal.domain.measurement import Measurement
from selfheal.testing.builders import NOON, a_measurement
from selfheal.testing.memory import MemoryLake
from selfheal.wire import encode, line_of

Scripted = Callable[[str], tuple[Any, Stubber]]
BUCKET = "selfheal-lake"
DAY = timedelta(days=1)
FOLDER = "measurements/dt=2026-01-15/"


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def put(s3: Any, name: str, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=FOLDER + name, Body=body)


def packed(*lines: str) -> bytes:
    return gzip.compress("".join(lines).encode(), mtime=0)


def read(s3: Any) -> tuple[list[str], dict[str, int]]:
    reader = S3LakeReader(s3, BUCKET)
    runs = [m.run_id for m in reader.read(NOON - DAY, NOON + DAY)]
    return runs, {name.removeprefix(FOLDER): count for name, count in reader.skipped.items()}


def test_what_was_put_comes_back_in_order_of_start_from_since_to_before_until(s3: Any) -> None:
    moments = [NOON + timedelta(hours=hours) for hours in (30, 3, -50, 0, 24, 48)]
    batch = [a_measurement(f"shop:{n}", started_at=moment) for n, moment in enumerate(moments)]
    S3Lake(s3, BUCKET).put(batch)
    found = list(S3LakeReader(s3, BUCKET).read(NOON, NOON + 2 * DAY))
    assert found == [batch[3], batch[1], batch[4], batch[0]]


def test_an_empty_lake_reads_as_nothing(s3: Any) -> None:
    assert read(s3) == ([], {})


def test_the_most_complete_measurement_of_a_run_is_read_and_only_once(s3: Any) -> None:
    lake = S3Lake(s3, BUCKET)
    complete = a_measurement(cpu_percent=50.0)
    for measurement in (a_measurement(missing=("cpu_percent",)), complete, a_measurement(missing=("a", "b"))):
        lake.put([measurement])
    assert list(S3LakeReader(s3, BUCKET).read(NOON, NOON + DAY)) == [complete]


def test_an_object_of_one_run_in_a_folder_of_its_own_is_read_as_well(s3: Any) -> None:
    put(s3, "codebuild_shop/0a1b.ndjson.gz", packed(line_of(a_measurement())))
    assert read(s3) == (["shop:1"], {})


def a_line(**changes: Any) -> str:
    return json.dumps({**encode(a_measurement("shop:bad")), **changes}) + "\n"


GOOD = line_of(a_measurement("shop:good"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json\n", "a line is no measurement (line)"),
        ("\n", "a line is no measurement (line)"),
        ("[" * 100_000 + "\n", "a line is no measurement (line)"),
        ("[]\n", "a line is no measurement (Measurement)"),
        (a_line(colour="red"), "a line is no measurement (Measurement)"),
        (a_line(duration_seconds=float("nan")), "a line is no measurement (Measurement)"),
        (a_line(duration_seconds=-1.0), "a line holds a number that cannot be"),
        (a_line(phases={"BUILD": -1.0}), "a line holds a number that cannot be"),
    ],
)
def test_a_bad_line_is_skipped_counted_and_harms_no_neighbour(s3: Any, line: str, reason: str) -> None:
    put(s3, "a.ndjson.gz", packed(line, GOOD, line))
    assert read(s3) == (["shop:good"], {f"a.ndjson.gz: {reason}": 2})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"plain text", "no gzip, or damaged"),
        (packed(GOOD)[:-9], "no gzip, or damaged"),
        (packed(GOOD)[:20] + b"\xff" * 60, "no gzip, or damaged"),
        (packed("x" * (2 * 1024 * 1024)), "cut short, or a line that does not end"),
        (packed(GOOD.rstrip()), "cut short, or a line that does not end"),
    ],
)
def test_a_damaged_object_is_skipped_counted_and_harms_no_neighbour(
    s3: Any, body: bytes, reason: str
) -> None:
    put(s3, "a.ndjson.gz", body)
    put(s3, "b.ndjson.gz", packed(line_of(a_measurement("shop:neighbour"))))
    runs, skipped = read(s3)
    assert "shop:neighbour" in runs
    assert skipped == {f"a.ndjson.gz: {reason}": 1}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.binary(max_size=200))
def test_no_bytes_whatever_stop_the_reading(s3: Any, body: bytes) -> None:
    put(s3, "a.ndjson.gz", body)
    put(s3, "b.ndjson.gz", packed(GOOD))
    assert read(s3)[0] == ["shop:good"]


def test_an_object_that_expired_since_it_was_listed_is_counted(scripted: Scripted) -> None:
    client, stubber = scripted("s3")
    name = FOLDER + "a.ndjson.gz"
    stubber.add_response("list_objects_v2", {"Contents": [{"Key": name}]})
    stubber.add_client_error("get_object", "NoSuchKey")
    reader = S3LakeReader(client, BUCKET)
    assert list(reader.read(NOON, NOON + timedelta(seconds=1))) == []
    assert reader.skipped == {f"{name}: gone": 1}


def test_a_refused_read_is_an_error_and_no_empty_lake(scripted: Scripted) -> None:
    client, stubber = scripted("s3")
    stubber.add_client_error("list_objects_v2", "AccessDenied")
    with pytest.raises(RequestRejected, match="s3:ListBucket"):
        list(S3LakeReader(client, BUCKET).read(NOON, NOON + DAY))


def test_of_a_lake_with_more_objects_than_can_be_read_in_time_the_newest_days_are_read(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_reader, "MOST_OBJECTS", 5)
    for n in range(8):
        S3Lake(s3, BUCKET).put([a_measurement(f"shop:{n}", started_at=NOON + DAY * (n // 2))])
    reader = S3LakeReader(s3, BUCKET)
    assert [m.run_id for m in reader.read(NOON - DAY, NOON + 4 * DAY)] == [
        "shop:4",
        "shop:5",
        "shop:6",
        "shop:7",
    ]
    assert reader.skipped == {"measurements/dt=2026-01-16/: too many objects, this day and all before": 1}


def test_the_newest_day_is_read_however_many_objects_it_has(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_reader, "MOST_OBJECTS", 1)
    for n in range(3):
        S3Lake(s3, BUCKET).put([a_measurement(f"shop:{n}")])
    assert len(list(S3LakeReader(s3, BUCKET).read(NOON, NOON + DAY))) == 3


def test_reading_streams_day_by_day(s3: Any) -> None:
    S3Lake(s3, BUCKET).put([a_measurement(f"shop:{n}", started_at=NOON + n * DAY) for n in range(3)])
    asked: list[str] = []
    s3.meta.events.register("before-call.s3.GetObject", lambda params, **_: asked.append(params["url_path"]))
    runs = S3LakeReader(s3, BUCKET).read(NOON, NOON + 3 * DAY)
    assert next(runs).run_id == "shop:0"
    assert len(asked) == 1, "no object of a later day was asked for yet"


measurements = st.lists(
    st.builds(
        lambda n, hours, missing: a_measurement(
            f"shop:{n}", started_at=NOON + timedelta(hours=hours), missing=("cpu_percent",) * missing
        ),
        st.integers(0, 5),
        st.just(0),
        st.integers(0, 1),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(measurements)
def test_the_lake_in_memory_reads_as_the_one_in_s3(s3: Any, batch: list[Measurement]) -> None:
    for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    memory = MemoryLake()
    for measurement in batch:
        S3Lake(s3, BUCKET).put([measurement])
        memory.put([measurement])
    real = S3LakeReader(s3, BUCKET).read(NOON, NOON + DAY)
    assert list(real) == list(memory.read(NOON, NOON + DAY))
