"""Reading JUnit reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.devtools.builds import Build, BuildPlan
from local.devtools.buildspec import ReportSpec
from local.devtools.reports import MESSAGE_LIMIT, make_report
from local.devtools.wire import misfits, service_model

JUNIT = """<testsuites><testsuite name="unit">
<testcase classname="shop.tax" name="rounds" time="0.25"/>
<testcase classname="shop.tax" name="adds"><failure message="1080 != 1081">assert total</failure></testcase>
<testcase classname="shop.db" name="reads"><error message="no host"/></testcase>
<testcase classname="shop.db" name="writes"><skipped message="read only"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def build() -> Build:
    environment = {"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"}
    plan = BuildPlan("shop", {"type": "NO_SOURCE"}, environment, {"type": "NO_CACHE"}, "role", 60, 480)
    return Build(plan, "0000-1111", "root", 1000.0)


def test_cases_are_counted_by_status(tmp_path: Path, build: Build) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "junit.xml").write_text(JUNIT)
    report = make_report(build, "unit", ReportSpec(("*.xml",), "out"), tmp_path, 2000.0)
    assert report is not None
    shown = report.wire()
    assert shown["arn"] == "arn:aws:codebuild:us-east-1:000000000000:report/shop-unit:0000-1111"
    assert shown["reportGroupArn"] == "arn:aws:codebuild:us-east-1:000000000000:report-group/shop-unit"
    assert shown["status"] == "FAILED"
    assert shown["testSummary"] == {
        "total": 4,
        "statusCounts": {"SUCCEEDED": 1, "FAILED": 1, "ERROR": 1, "SKIPPED": 1, "UNKNOWN": 0},
        "durationInNanoSeconds": 250_000_000,
    }
    failed = report.wire_case(report.cases[1])
    assert (failed["prefix"], failed["name"], failed["status"]) == ("shop.tax", "adds", "FAILED")
    assert failed["message"] == "1080 != 1081\nassert total"
    assert failed["testRawDataPath"] == "out/junit.xml"
    shape = service_model("codebuild").shape_for("TestCase")
    assert list(misfits(failed, shape)) == []


def test_a_skipped_test_does_not_fail_a_report(tmp_path: Path, build: Build) -> None:
    (tmp_path / "a.xml").write_text('<testsuite><testcase name="x"><skipped/></testcase></testsuite>')
    report = make_report(build, "unit", ReportSpec(("*.xml",)), tmp_path, 2000.0)
    assert report is not None
    assert report.status == "SUCCEEDED"


def test_long_messages_are_cut(tmp_path: Path, build: Build) -> None:
    text = "x" * (MESSAGE_LIMIT + 1)
    (tmp_path / "a.xml").write_text(
        f'<testsuite><testcase name="x"><failure>{text}</failure></testcase></testsuite>'
    )
    report = make_report(build, "unit", ReportSpec(("*.xml",)), tmp_path, 2000.0)
    assert report is not None
    assert len(report.cases[0].message) == MESSAGE_LIMIT


def test_no_file_is_no_report(tmp_path: Path, build: Build) -> None:
    assert make_report(build, "unit", ReportSpec(("*.xml",)), tmp_path, 2000.0) is None


@pytest.mark.parametrize(
    "content",
    [
        "<testsuite><testcase",
        '<!DOCTYPE a [<!ENTITY b "boom">]><testsuite name="&b;"/>',
        '<testsuite><testcase name="x" time="soon"/></testsuite>',
    ],
)
def test_an_unreadable_file_is_left_out(
    tmp_path: Path, build: Build, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    (tmp_path / "bad.xml").write_text(content)
    (tmp_path / "good.xml").write_text(JUNIT)
    report = make_report(build, "unit", ReportSpec(("*.xml",)), tmp_path, 2000.0)
    assert report is not None
    assert len(report.cases) == 4
    assert "bad.xml is not readable" in caplog.text
