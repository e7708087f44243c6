"""CodeBuild: reading builds and test reports."""

from collections.abc import Iterator, Sequence
from itertools import islice

from botocore.exceptions import ClientError

from selfheal.adapters.build_reply import run_of
from selfheal.adapters.calls import Client, Json, calling, error_code
from selfheal.domain.errors import RunNotFound
from selfheal.domain.measurement import TestTotals
from selfheal.domain.run import Run, RunRef
from selfheal.ports import TestCase

BATCH = 100
NOT_PASSED = ("FAILED", "ERROR")
# The report has expired, or is one of code coverage: either way it names no tests.
_NO_CASES = frozenset({"ResourceNotFoundException", "InvalidInputException"})


def get_build(client: Client, build_id: str) -> Json:
    """The build as BatchGetBuilds shows it. Raises RunNotFound."""
    with calling("codebuild:BatchGetBuilds"):
        builds = client.batch_get_builds(ids=[build_id]).get("builds", [])
    if not builds:
        raise RunNotFound(f"{build_id}: CodeBuild knows no such build (builds are kept for a year)")
    build: Json = builds[0]
    return build


class CodeBuildReader:
    """RunReader of builds. Needs codebuild:BatchGetBuilds."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, ref: RunRef) -> Run:
        """RunReader."""
        return run_of(get_build(self._client, ref.run_id))


class CodeBuildReports:
    """TestReports. Needs codebuild:BatchGetReports (totals) and codebuild:DescribeTestCases (failures)."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def totals(self, report_arns: Sequence[str]) -> TestTotals | None:
        """TestReports. Reports of code coverage and reports that are gone count for nothing."""
        reports = self._reports(report_arns)
        summaries = [report["testSummary"] for report in reports if "testSummary" in report]
        if not summaries:
            return None
        counts = [summary.get("statusCounts", {}) for summary in summaries]
        return TestTotals(
            total=sum(summary["total"] for summary in summaries),
            failed=sum(count.get(status, 0) for count in counts for status in NOT_PASSED),
            skipped=sum(count.get("SKIPPED", 0) for count in counts),
        )

    def failures(self, report_arns: Sequence[str], limit: int) -> list[TestCase]:
        """TestReports."""
        return list(islice(self._not_passed(report_arns), limit))

    def _reports(self, arns: Sequence[str]) -> Iterator[Json]:
        for start in range(0, len(arns), BATCH):
            with calling("codebuild:BatchGetReports"):
                reply = self._client.batch_get_reports(reportArns=list(arns[start : start + BATCH]))
            yield from reply.get("reports", [])

    def _not_passed(self, arns: Sequence[str]) -> Iterator[TestCase]:
        for arn in arns:
            for status in NOT_PASSED:
                for page in self._cases(arn, status):
                    yield from (_case(case, status) for case in page.get("testCases", []))

    def _cases(self, arn: str, status: str) -> Iterator[Json]:
        request: dict[str, object] = {"reportArn": arn, "filter": {"status": status}}
        while True:
            page = self._page(request)
            yield page
            if not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]

    def _page(self, request: Json) -> Json:
        with calling("codebuild:DescribeTestCases"):
            try:
                reply: Json = self._client.describe_test_cases(**request)
            except ClientError as error:
                if error_code(error) in _NO_CASES:
                    return {"testCases": []}
                raise
        return reply


def _case(case: Json, status: str) -> TestCase:
    """CodeBuild keeps what the framework puts before a test's name (a class, a file) apart as its prefix."""
    prefix, name = case.get("prefix", ""), case.get("name", "")
    full = name if not prefix or name.startswith(prefix) else f"{prefix}.{name}"
    return TestCase(name=full, status=case.get("status", status), message=case.get("message", ""))
