"""Test reports: JUnit XML files of a build, as BatchGetReports and DescribeTestCases show them."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import parse

from local.devtools.builds import Build, arn
from local.devtools.buildspec import ReportSpec
from local.devtools.wire import Json

LIFE_SECONDS = 30 * 24 * 3600
MESSAGE_LIMIT = 5000
STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")
STATUS_OF_ELEMENT = {"failure": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TestCase:
    """One test: ``prefix`` is JUnit's class name; the duration is in nanoseconds."""

    __test__ = False

    name: str
    prefix: str
    suite: str
    status: str
    duration: int
    message: str
    file: str


@dataclass(frozen=True)
class Report:
    """The test cases of one report group in one build."""

    arn: str
    name: str
    group_arn: str
    build_arn: str
    created: float
    cases: tuple[TestCase, ...]

    @property
    def status(self) -> str:
        return "FAILED" if any(case.status in ("FAILED", "ERROR") for case in self.cases) else "SUCCEEDED"

    def wire(self) -> Json:
        counts = Counter(case.status for case in self.cases)
        return {
            "arn": self.arn,
            "type": "TEST",
            "name": self.name,
            "reportGroupArn": self.group_arn,
            "executionId": self.build_arn,
            "status": self.status,
            "created": round(self.created, 3),
            "expired": round(self.created + LIFE_SECONDS, 3),
            "exportConfig": {"exportConfigType": "NO_EXPORT"},
            "truncated": False,
            "testSummary": {
                "total": len(self.cases),
                "statusCounts": {status: counts.get(status, 0) for status in STATUSES},
                "durationInNanoSeconds": sum(case.duration for case in self.cases),
            },
        }

    def wire_case(self, case: TestCase) -> Json:
        return {
            "reportArn": self.arn,
            "testRawDataPath": case.file,
            "prefix": case.prefix,
            "name": case.name,
            "testSuiteName": case.suite,
            "status": case.status,
            "durationInNanoSeconds": case.duration,
            "message": case.message,
            "expired": round(self.created + LIFE_SECONDS, 3),
        }


class ReportStore:
    """Reports by ARN."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reports: dict[str, Report] = {}

    def add(self, report: Report) -> None:
        with self._lock:
            self._reports[report.arn] = report

    def find(self, report_arn: str) -> Report | None:
        return self._reports.get(report_arn)

    def of_group(self, group_arn: str) -> list[Report]:
        """The reports of a group, newest first."""
        with self._lock:
            return [item for item in self._reports.values() if item.group_arn == group_arn][::-1]


def make_report(build: Build, group: str, spec: ReportSpec, root: Path, now: float) -> Report | None:
    """The report of one group, or None when no file matches; unreadable files are logged and left out."""
    base = root / spec.base_directory
    files = sorted({file for pattern in spec.files for file in base.glob(pattern) if file.is_file()})
    if not files:
        return None
    name = f"{build.plan.project}-{group}"
    return Report(
        arn=arn("report", f"{name}:{build.uuid}"),
        name=f"{build.plan.project}:{build.uuid}",
        group_arn=arn("report-group", name),
        build_arn=build.arn,
        created=now,
        cases=tuple(case for file in files for case in _readable_cases(file, root)),
    )


def _readable_cases(file: Path, root: Path) -> list[TestCase]:
    try:
        return list(read_junit(file, str(file.relative_to(root))))
    except (ParseError, DefusedXmlException, ValueError) as error:
        log.warning("test report %s is not readable: %s", file, error)
        return []


def read_junit(file: Path, shown_as: str) -> Iterator[TestCase]:
    """The test cases in a JUnit XML file."""
    tree = parse(file)
    suites: Iterable[Any] = tree.iter("testsuite")
    for suite in suites:
        for case in suite.findall("testcase"):
            yield _test_case(case, suite.get("name", ""), shown_as)


def _test_case(element: Any, suite: str, file: str) -> TestCase:
    outcome = next((child for child in element if child.tag in STATUS_OF_ELEMENT), None)
    status = STATUS_OF_ELEMENT[outcome.tag] if outcome is not None else "SUCCEEDED"
    return TestCase(
        name=element.get("name", ""),
        prefix=element.get("classname", ""),
        suite=suite,
        status=status,
        duration=int(float(element.get("time") or 0) * 1e9),
        message=_message(outcome),
        file=file,
    )


def _message(outcome: Any) -> str:
    if outcome is None:
        return ""
    parts = [part for part in (outcome.get("message"), (outcome.text or "").strip()) if part]
    return "\n".join(parts)[:MESSAGE_LIMIT]
