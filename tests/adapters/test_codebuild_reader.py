from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

import selfheal.domain.measurement as measurement
from selfheal import ports
from selfheal.adapters.build_reply import secrets_of
from selfheal.adapters.codebuild import CodeBuildReader, CodeBuildReports
from selfheal.domain.errors import RequestRejected, RunNotFound, Throttled
from selfheal.domain.run import LogLocation, PipelineKey, RunRef, RunStatus, Service

Scripted = Callable[[str], tuple[Any, Stubber]]
START = datetime(2026, 1, 15, 12, 0, 0, 250000, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REF = RunRef(PipelineKey(Service.CODEBUILD, "shop"), "shop:0a1b")
REPORT = "arn:aws:codebuild:us-east-1:111122223333:report/shop-unit:0a1b"

PHASES = [
    {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "durationInSeconds": 0},
    {
        "phaseType": "QUEUED",
        "phaseStatus": "SUCCEEDED",
        "startTime": START,
        "endTime": START + timedelta(seconds=1.75),
        "durationInSeconds": 1,
    },
    {
        "phaseType": "BUILD",
        "phaseStatus": "FAILED",
        "startTime": START,
        "endTime": START + timedelta(seconds=40),
        "contexts": [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": "exit status 1"}],
    },
    {"phaseType": "COMPLETED", "startTime": START},
]


def a_build(**changes: Any) -> dict[str, Any]:
    build = {
        "id": "shop:0a1b",
        "projectName": "shop",
        "buildNumber": 7,
        "buildStatus": "FAILED",
        "startTime": START,
        "endTime": START + timedelta(seconds=61.5),
        "sourceVersion": "main",
        "resolvedSourceVersion": COMMIT,
        "initiator": "developer",
        "phases": PHASES,
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [
                {"name": "API_KEY", "value": "correct horse battery", "type": "PLAINTEXT"},
                {"name": "NO_TYPE", "value": "staple-staple"},
                {"name": "DB", "value": "/shop/db/password", "type": "PARAMETER_STORE"},
                {"name": "REGION", "value": "eu-central-1", "type": "PLAINTEXT"},
                {"name": "STAGE", "value": "Production", "type": "PLAINTEXT"},
                {"name": "PORT", "value": "1234567", "type": "PLAINTEXT"},
                {"name": "SHORT", "value": "abcde", "type": "PLAINTEXT"},
            ],
        },
        "cache": {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]},
        "logs": {"groupName": "/aws/codebuild/shop", "streamName": "0a1b"},
        "reportArns": [REPORT],
    }
    return {key: value for key, value in (build | changes).items() if value is not None}


def read(scripted: Scripted, build: dict[str, Any]) -> Any:
    client, stubber = scripted("codebuild")
    stubber.add_response("batch_get_builds", {"builds": [build]}, {"ids": ["shop:0a1b"]})
    return CodeBuildReader(client).read(REF)


def test_a_build_is_read_whole(scripted: Scripted) -> None:
    run = read(scripted, a_build())
    assert run.ref == REF
    assert run.status is RunStatus.FAILED
    assert run.duration_seconds == 61.5
    assert [(phase.name, phase.seconds) for phase in run.phases] == [
        ("SUBMITTED", 0.0),
        ("QUEUED", 1.75),
        ("BUILD", 40.0),
    ]
    assert run.failed_phase == run.phases[2]
    assert (run.phases[2].code, run.phases[2].message) == ("COMMAND_EXECUTION_ERROR", "exit status 1")
    assert run.queued_seconds == 1.75
    assert run.source_version == COMMIT
    assert run.initiator == "developer"
    assert run.log == LogLocation("/aws/codebuild/shop", "0a1b")
    assert run.report_arns == (REPORT,)
    assert run.compute_type == "BUILD_GENERAL1_SMALL"
    assert (run.cache, run.number) == ("LOCAL", 7)


@pytest.mark.parametrize(("back", "seconds"), [(0.4, 0.0), (1.0, -1.0), (30.0, -30.0)])
def test_a_clock_that_ran_backwards_is_seen_as_such_unless_it_is_rounding(
    scripted: Scripted, back: float, seconds: float
) -> None:
    end = START - timedelta(seconds=back)
    phases = [{"phaseType": "BUILD", "phaseStatus": "SUCCEEDED", "startTime": START, "endTime": end}]
    run = read(scripted, a_build(endTime=end, phases=phases))
    assert (run.duration_seconds, run.phases[0].seconds) == (seconds, seconds)


def test_plaintext_values_are_secrets_unless_plainly_public(scripted: Scripted) -> None:
    run = read(scripted, a_build())
    assert run.secrets == ("correct horse battery", "staple-staple")
    assert "horse" not in repr(run)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED"])
def test_every_end_of_a_build_is_kept(scripted: Scripted, status: str) -> None:
    assert read(scripted, a_build(buildStatus=status)).status.value == status


def test_a_build_under_way_has_no_end_and_its_phase_no_length(scripted: Scripted) -> None:
    phases = [{"phaseType": "BUILD", "startTime": START}]
    run = read(scripted, a_build(buildStatus="IN_PROGRESS", endTime=None, phases=phases))
    assert run.status is RunStatus.IN_PROGRESS
    assert run.duration_seconds is None
    assert run.phases[0].seconds is None
    assert run.failed_phase is None
    assert run.queued_seconds is None


@pytest.mark.parametrize(("asked", "known"), [(COMMIT, COMMIT), ("main", ""), ("pr/7", "")])
def test_before_the_source_is_there_only_a_whole_commit_is_its_version(
    scripted: Scripted, asked: str, known: str
) -> None:
    build = a_build(resolvedSourceVersion=None, sourceVersion=asked)
    assert read(scripted, build).source_version == known


def test_a_build_that_logs_to_s3_only_has_no_log_here(scripted: Scripted) -> None:
    assert read(scripted, a_build(logs={"s3DeepLink": "https://example.com"})).log is None


def test_a_build_that_codebuild_forgot_is_not_found(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    stubber.add_response("batch_get_builds", {"builds": [], "buildsNotFound": ["shop:0a1b"]})
    with pytest.raises(RunNotFound, match="shop:0a1b"):
        CodeBuildReader(client).read(REF)


@pytest.mark.parametrize(
    ("code", "kind"), [("ThrottlingException", Throttled), ("AccessDeniedException", RequestRejected)]
)
def test_a_refused_read_says_which_call_it_was(scripted: Scripted, code: str, kind: Any) -> None:
    client, stubber = scripted("codebuild")
    stubber.add_client_error("batch_get_builds", code, "not now")
    with pytest.raises(kind, match=f"codebuild:BatchGetBuilds: {code}"):
        CodeBuildReader(client).read(REF)


def a_report(total: int, **counts: int) -> dict[str, Any]:
    summary = {"total": total, "statusCounts": counts, "durationInNanoSeconds": 1}
    return {"arn": REPORT, "type": "TEST", "testSummary": summary}


def test_totals_add_up_over_reports_and_leave_coverage_out(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    reports = [
        a_report(10, SUCCEEDED=7, FAILED=1, ERROR=1, SKIPPED=1),
        a_report(5, SUCCEEDED=3, SKIPPED=2),
        {"arn": REPORT, "type": "CODE_COVERAGE"},
    ]
    stubber.add_response("batch_get_reports", {"reports": reports}, {"reportArns": [REPORT] * 3})
    assert CodeBuildReports(client).totals([REPORT] * 3) == measurement.TestTotals(
        total=15, failed=2, skipped=3
    )


def test_no_report_gives_no_totals(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    assert CodeBuildReports(client).totals([]) is None
    stubber.add_response("batch_get_reports", {"reportsNotFound": [REPORT]})
    assert CodeBuildReports(client).totals([REPORT]) is None


def test_more_reports_than_one_call_takes_are_asked_for_in_turn(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    stubber.add_response("batch_get_reports", {"reports": [a_report(1)]}, {"reportArns": [REPORT] * 100})
    stubber.add_response("batch_get_reports", {"reports": [a_report(2)]}, {"reportArns": [REPORT]})
    assert CodeBuildReports(client).totals([REPORT] * 101) == measurement.TestTotals(
        total=3, failed=0, skipped=0
    )


def cases(stubber: Stubber, status: str, names: list[str], token: str = "", next_token: str = "") -> None:
    request = {"reportArn": REPORT, "filter": {"status": status}} | ({"nextToken": token} if token else {})
    found = [{"prefix": "tests.cart", "name": n, "status": status, "message": f"{n}!"} for n in names]
    reply = {"testCases": found} | ({"nextToken": next_token} if next_token else {})
    stubber.add_response("describe_test_cases", reply, request)


def test_failures_come_from_all_pages_with_their_full_names(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    cases(stubber, "FAILED", ["test_a"], next_token="more")
    cases(stubber, "FAILED", ["test_b"], token="more")
    cases(stubber, "ERROR", ["tests.cart.test_c"])
    assert CodeBuildReports(client).failures([REPORT], 10) == [
        ports.TestCase("tests.cart.test_a", "FAILED", "test_a!"),
        ports.TestCase("tests.cart.test_b", "FAILED", "test_b!"),
        ports.TestCase("tests.cart.test_c", "ERROR", "tests.cart.test_c!"),
    ]


def test_no_more_failures_are_fetched_than_asked_for(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    cases(stubber, "FAILED", ["test_a", "test_b"], next_token="more")
    assert [case.name for case in CodeBuildReports(client).failures([REPORT], 1)] == ["tests.cart.test_a"]


def test_an_expired_report_has_no_failures_but_a_forbidden_one_is_an_error(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    stubber.add_client_error("describe_test_cases", "ResourceNotFoundException")
    stubber.add_client_error("describe_test_cases", "ResourceNotFoundException")
    assert CodeBuildReports(client).failures([REPORT], 5) == []
    stubber.add_client_error("describe_test_cases", "AccessDeniedException", "no", http_status_code=403)
    with pytest.raises(RequestRejected):
        CodeBuildReports(client).failures([REPORT], 5)


@pytest.mark.parametrize("name", ["DB_PASSWORD", "apiKey", "GITHUB_TOKEN", "Client-Secret"])
def test_a_variable_whose_name_says_secret_is_one_whatever_it_holds(name: str) -> None:
    assert secrets_of([{"name": name, "value": "12345678"}, {"name": "PORT", "value": "12345678"}]) == (
        "12345678",
    )
    assert secrets_of([{"name": name, "value": "ab1"}]) == ()
