"""The saved queries, run by DuckDB on the very files that the lake's adapter wrote.

Athena cannot run here. The text of the query is the template's; the table stands for the files with the types that Glue
declares, and one function that DuckDB calls otherwise is given Athena's name (approx_percentile).
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

from selfheal.adapters.s3 import S3Lake
from selfheal.domain.measurement import Measurement, TestTotals
from selfheal.domain.run import PipelineKey, RunStatus
from selfheal.testing.builders import a_measurement
from tests.contract.test_lake_table import QUERIES, columns
from tests.contract.test_lake_table import TABLE as MEASUREMENTS

BUCKET = "selfheal-lake"
TODAY = datetime.now(UTC)
DUCKDB = {"string": "VARCHAR", "double": "DOUBLE", "int": "INTEGER", "bigint": "BIGINT", "boolean": "BOOLEAN"}


def duckdb_type(glue: str) -> str:
    for outer, written in (("map", "MAP({})"), ("array", "{}[]"), ("struct", "STRUCT({})")):
        if found := re.fullmatch(rf"{outer}<(.*)>", glue):
            parts = [part.rpartition(":") for part in found[1].split(",")]
            return written.format(", ".join(f"{name} {DUCKDB[kind]}".strip() for name, _, kind in parts))
    return DUCKDB[glue]


@pytest.fixture
def lake(aws: None) -> S3Lake:
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return S3Lake(boto3.client("s3"), BUCKET)


def ask(query: str, folder: Path) -> list[dict[str, Any]]:
    """The rows a query gives over everything in the bucket."""
    s3 = boto3.client("s3")
    for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        target = folder / entry["Key"]
        target.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(BUCKET, entry["Key"], str(target))
    typed = ", ".join(f"'{name}': '{duckdb_type(kind)}'" for name, kind in columns(MEASUREMENTS).items())
    connection = duckdb.connect()
    connection.execute("CREATE MACRO approx_percentile(x, share) AS quantile_cont(x, share)")
    connection.execute(
        f"CREATE VIEW measurements AS SELECT * FROM read_json('{folder}/measurements/*/*.gz', "
        f"format = 'newline_delimited', columns = {{{typed}}}, "
        "hive_partitioning = true, hive_types = {'dt': 'VARCHAR'})"
    )
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_the_table_reads_every_field_as_it_was_written(lake: S3Lake, tmp_path: Path) -> None:
    whole = a_measurement(
        tests=TestTotals(9, 1, 2), cpu_percent=50.5, log_bytes=3_000_000_000, missing=("memory_percent",), cache="S3",
        started_at=TODAY,
    )  # fmt: skip
    lake.put([whole])
    [row] = ask("SELECT * FROM measurements", tmp_path)
    assert row["tests"] == {"total": 9, "failed": 1, "skipped": 2}
    assert row["phases"] == whole.phases and row["missing"] == ["memory_percent"]
    assert (row["log_bytes"], row["cpu_percent"], row["memory_percent"]) == (3_000_000_000, 50.5, None)
    assert (row["pipeline"], row["dt"]) == ("codebuild:shop", f"{TODAY:%Y-%m-%d}")
    assert datetime.fromisoformat(row["started_at"]) == TODAY


def build(n: int, seconds: float, days_ago: float = 0, **changes: Any) -> Measurement:
    return a_measurement(
        f"shop:{n}",
        started_at=TODAY - timedelta(days=days_ago),
        phases={"INSTALL": 10.0, "BUILD": seconds},
        **changes,
    )


def test_the_slowest_phases_come_first_and_each_run_counts_once(lake: S3Lake, tmp_path: Path) -> None:
    lake.put([build(n, 100.0 * n, missing=("cpu_percent",)) for n in (1, 2, 3)])
    lake.put([build(2, 200.0, cpu_percent=1.0), build(4, 9000.0, days_ago=120)])
    rows = ask(QUERIES["SlowestPhasesQuery"]["QueryString"], tmp_path)
    monday = (TODAY - timedelta(days=TODAY.weekday())).date()
    assert [(row["phase"], row["runs"], row["median_seconds"], row["p90_seconds"]) for row in rows] == [
        ("BUILD", 3, 200.0, 280.0),
        ("INSTALL", 3, 10.0, 10.0),
    ]
    assert {(row["week"].date(), row["pipeline"]) for row in rows} == {(monday, "codebuild:shop")}


def test_failures_are_counted_by_runs_and_flakiness_by_commits(lake: S3Lake, tmp_path: Path) -> None:
    failed, timed_out = RunStatus.FAILED, RunStatus.TIMED_OUT
    steady = PipelineKey.parse("codebuild:steady")
    lake.put(
        [
            build(1, 1.0, status=failed, source_version="a", missing=("cpu_percent",)),
            build(2, 1.0, source_version="a"),
            build(3, 1.0, source_version="b"),
            build(4, 1.0, status=timed_out, source_version=""),
            build(5, 1.0, source_version=""),
            build(6, 1.0, status=RunStatus.STOPPED, source_version="c"),
            build(7, 1.0, pipeline=steady),
        ]
    )
    lake.put([build(1, 1.0, status=failed, source_version="a", cpu_percent=9.0)])
    rows = ask(QUERIES["FailureShareQuery"]["QueryString"], tmp_path)
    assert [tuple(row.values()) for row in rows] == [
        ("codebuild:shop", 5, 0.4, 0.25),
        ("codebuild:steady", 1, 0.0, 0.0),
    ]
