"""The lake through the local cloud's Athena: deployed Glue table, deployed workgroup, the saved query's own text."""

from datetime import UTC, datetime, timedelta

import pytest

from local.clients import client
from local.state import CloudState
from selfheal.adapters.s3 import S3Lake
from selfheal.domain.run import PipelineKey, RunStatus
from selfheal.testing.builders import a_measurement
from tests.contract.test_lake_table import QUERIES
from tests.local.waits import waiting

pytestmark = pytest.mark.local


def test_the_failure_share_is_read_from_what_the_lake_s_adapter_wrote(state: CloudState) -> None:
    """The other query needs a map, which this Athena reads as a record: DuckDB runs it in tests/adapters."""
    pipeline, today = PipelineKey.parse("codebuild:athena"), datetime.now(UTC) - timedelta(minutes=1)
    statuses = [RunStatus.FAILED, RunStatus.SUCCEEDED, RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
    runs = [
        a_measurement(f"athena:{n}", status, pipeline=pipeline, started_at=today, source_version=str(n // 2))
        for n, status in enumerate(statuses)
    ]
    lake = S3Lake(client(state, "s3"), state.outputs["LakeBucketName"])
    lake.put(runs)
    lake.put(runs[:1])
    athena = client(state, "athena")
    query = athena.start_query_execution(
        QueryString=QUERIES["FailureShareQuery"]["QueryString"],
        QueryExecutionContext={"Database": state.outputs["LakeDatabaseName"]},
        WorkGroup=state.outputs["LakeWorkgroupName"],
    )["QueryExecutionId"]

    def ended() -> dict[str, str] | None:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        return status if status["State"] in ("SUCCEEDED", "FAILED") else None

    status = waiting().until("the end of the query", ended)
    assert status["State"] == "SUCCEEDED", status
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    values = [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows]
    assert ["codebuild:athena", "4", "0.25", "0.5"] in values
