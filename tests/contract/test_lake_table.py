"""The Glue table and the saved queries: they fit what the lake writes."""

from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from typing import Any, get_type_hints

import pytest

from selfheal.adapters.s3 import folder_of
from selfheal.adapters.s3_labels import labels_folder
from selfheal.domain.diagnosis import Cause
from selfheal.domain.experiment import Label, LabelledFailure
from selfheal.domain.measurement import Measurement, TestTotals
from selfheal.domain.run import PipelineKey, RunStatus
from selfheal.testing.builders import NOON
from tests.contract.transformed import of_type, source

TABLE = of_type("AWS::Glue::Table")["MeasurementsTable"]["TableInput"]
LABELS = of_type("AWS::Glue::Table")["LabelsTable"]["TableInput"]


def columns(table: Any) -> dict[str, str]:
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


QUERIES = of_type("AWS::Athena::NamedQuery")
STRUCT = f"struct<{','.join(f'{field.name}:int' for field in fields(TestTotals))}>"
GLUE = {
    str: "string",
    PipelineKey: "string",
    RunStatus: "string",
    Cause: "string",
    Label: "string",
    datetime: "string",
    float: "double",
    float | None: "double",
    int | None: "bigint",
    bool: "boolean",
    dict[str, float]: "map<string,double>",
    TestTotals | None: STRUCT,
    tuple[str, ...]: "array<string>",
}


def test_every_field_of_a_measurement_is_a_column_of_its_type_and_there_is_no_other() -> None:
    assert {name: GLUE[kind] for name, kind in get_type_hints(Measurement).items()} == columns(TABLE)


def test_every_field_of_a_labelled_failure_is_a_column_of_its_type_and_there_is_no_other() -> None:
    assert {name: GLUE[kind] for name, kind in get_type_hints(LabelledFailure).items()} == columns(LABELS)


@pytest.mark.parametrize(("table", "folder_of"), [(TABLE, folder_of), (LABELS, labels_folder)])
def test_partitions_are_the_folders_that_the_lake_writes(
    table: Any, folder_of: Callable[[date], str]
) -> None:
    parameters = table["Parameters"]
    folder = folder_of(NOON.date())
    template = parameters["storage.location.template"]["Fn::Sub"].replace("${!dt}", "2026-01-15")
    assert template == "s3://${LakeBucket}/" + folder
    assert parameters["projection.enabled"] == "true"
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert "${LakeRetentionDays}DAYS" in parameters["projection.dt.range"]["Fn::Sub"]


def test_results_of_queries_lie_apart_from_the_lake_and_expire() -> None:
    workgroup = of_type("AWS::Athena::WorkGroup")["LakeWorkgroup"]["WorkGroupConfiguration"]
    assert workgroup["EnforceWorkGroupConfiguration"] is True
    assert workgroup["ResultConfiguration"]["OutputLocation"] == {
        "Fn::Sub": "s3://${LakeBucket}/query-results/"
    }
    rules = of_type("AWS::S3::Bucket")["LakeBucket"]["LifecycleConfiguration"]["Rules"]
    assert {"query-results/", "quarantine/", "measurements/", "labels/"} <= {
        rule.get("Prefix") for rule in rules
    }


def test_every_saved_query_reads_each_run_once_and_only_the_partitions_it_needs() -> None:
    assert set(QUERIES) == {"SlowestPhasesQuery", "FailureShareQuery"}
    for name, query in QUERIES.items():
        text = query["QueryString"]
        assert "PARTITION BY run_id ORDER BY cardinality(missing)" in text and "version = 1" in text
        assert "WHERE dt >=" in text
        assert source()["Resources"][name]["Condition"] == "OnAws"
